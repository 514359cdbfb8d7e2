import RegularExpressions
import Testing

struct PatternTests {
    private func isFound(_ pattern: String, _ text: String) throws -> Bool {
        var matcher = Matcher(try Pattern(pattern))
        return matcher.isFound(in: text)
    }

    private func matches(_ pattern: String, _ text: String) throws -> [String] {
        var matcher = Matcher(try Pattern(pattern))
        return matcher.matches(in: text).map { String(text[$0]) }
    }

    private func mistake(_ pattern: String) -> String? {
        do throws(PatternError) {
            _ = try Pattern(pattern)
            return nil
        } catch { return "\(error)" }
    }

    @Test("a pattern is found anywhere unless it is held to the ends")
    func search() throws {
        #expect(try isFound("b+", "abbc"))
        #expect(try !isFound("^b+", "abbc"))
        #expect(try isFound("^ab+c$", "abbc"))
        #expect(try !isFound("^ab+$", "abbc"))
        #expect(try isFound("", ""))
        #expect(try isFound("^$", ""))
        #expect(try !isFound("^$", "a"))
        #expect(try isFound("^(foo|ba[rz]){2}$", "foobaz"))
        #expect(try isFound("(^|,)a(,|$)", "b,a"))
    }

    @Test("classes, escapes and word boundaries are those of ECMA-262")
    func classes() throws {
        #expect(try isFound(#"^\d{4}-\d{2}$"#, "2024-06"))
        #expect(try !isFound(#"^\d$"#, "\u{0967}"))
        #expect(try isFound(#"^\s$"#, "\u{2003}"))
        #expect(try !isFound(#"^\w$"#, "é"))
        #expect(try isFound(#"^[^a-c]$"#, "é"))
        #expect(try isFound(#"^.$"#, "😀"))
        #expect(try !isFound("^.$", "\u{2028}"))
        #expect(try isFound(#"^\u{1F600}\uD83D\uDE00$"#, "😀😀"))
        #expect(try isFound(#"^\p{L}+$"#, "Größe"))
        #expect(try isFound(#"^\P{Lu}$"#, "g"))
        #expect(try isFound(#"\bcat\b"#, "a cat."))
        #expect(try !isFound(#"\bcat\b"#, "concat"))
        #expect(try isFound(#"\Bcat\b"#, "concat"))
        #expect(try isFound(#"^[\w.+-]+$"#, "a.b+c-d"))
    }

    @Test("matches are the leftmost and the longest, each behind the one before")
    func ranges() throws {
        #expect(try matches("a|ab|abc", "xabcab") == ["abc", "ab"])
        #expect(try matches(#"\d+?"#, "12 345") == ["12", "345"])
        #expect(try matches("ü+", "züüri ü") == ["üü", "ü"])
        #expect(try matches("x*", "axxb") == ["xx"])
        #expect(try matches(#"\bfoo\b|foobar"#, "foobar foo") == ["foobar", "foo"])
        #expect(try matches("^a|b$", "aab") == ["a", "b"])
    }

    @Test("the longest match is known where there is one")
    func longest() throws {
        #expect(try Pattern(#"\d{3,16}"#).longestMatchBytes == 16)
        #expect(try Pattern("(a|é|😀)?").longestMatchBytes == 4)
        #expect(try Pattern("a+").longestMatchBytes == nil)
        #expect(try Pattern("(^)*b").longestMatchBytes == 1)
    }

    @Test("what needs back-tracking is refused by name and place")
    func refused() {
        #expect(mistake("a(?=b)") == "at byte 1: look-ahead '(?=' is not supported: it needs back-tracking")
        #expect(mistake("(?<!b)a") == "at byte 0: negative look-behind '(?<!' is not supported: it needs back-tracking")
        #expect(mistake(#"(é)\1"#) == #"at byte 4: the back-reference '\1' is not supported: it needs back-tracking"#)
        #expect(
            mistake(#"(?<n>a)\k<n>"#) == #"at byte 7: the back-reference '\k' is not supported: it needs back-tracking"#
        )
        #expect(mistake(#"\p{Script=Greek}"#)?.contains("property 'Script=Greek'") == true)
    }

    @Test("what is no pattern is refused with its place")
    func invalid() {
        for (pattern, place) in [
            ("(a", 0), ("a)", 1), ("[a", 0), ("*a", 0), ("a{2,1}", 1), ("a{", 1), (#"\"#, 0), ("[b-a]", 1),
            (#"a\i"#, 1),
        ] {
            #expect(
                mistake(pattern)?.hasPrefix("at byte \(place): ") == true, "\(pattern): \(mistake(pattern) ?? "taken")")
        }
    }

    @Test("each limit is an error with its number and its name")
    func limits() {
        #expect(mistake("a{1001}") == "at byte 1: repeats 1001 times; the limit is 1000 (repetitionsMax)")
        #expect(
            mistake("a{99999999999999999999}") == "at byte 1: repeats too often; the limit is 1000 (repetitionsMax)")
        #expect(mistake("((a{1000}){1000}){1000}")?.contains("(statesMax)") == true)
        #expect(mistake("((){1000}){1000}(){1000}(((){1000}){1000}){1000}")?.contains("repeats too much") == true)
        #expect(
            mistake(String(repeating: "(", count: 65) + String(repeating: ")", count: 65))?.hasSuffix(
                "the limit is 64 (depthMax)") == true)
    }

    @Test("patterns that stall a back-tracking matcher take a step a byte")
    func linear() throws {
        let text = String(repeating: "a", count: 100_000)
        #expect(try !isFound("^(a+)+$", text + "b"))
        #expect(try !isFound("(a|a)*b", text))
        #expect(try matches("a(.*b)?", text).count == 100_000)
        #expect(try matches("(x+x+)+y", String(repeating: "x", count: 20_000)) == [])
    }

    /// After each byte of a text: `+` where it may end there, `-` where nothing can follow, else `.`.
    private func trace(_ pattern: String, _ anchoring: Automaton.Anchoring, _ text: [UInt8]) throws -> String {
        var automaton = Automaton(try Pattern(pattern), anchoring)
        var state = automaton.start
        var trace = ""
        for byte in [nil] + text.map(Optional.some) {
            if let byte { state = try automaton.step(state, byte) }
            let isAccepting = automaton.isAccepting(state)
            trace += isAccepting ? "+" : try automaton.isDead(state) ? "-" : "."
        }
        return trace
    }

    @Test("an automaton steps byte by byte and knows where nothing can follow")
    func automaton() throws {
        #expect(try trace("^ab?$", .whole, Array("abb".utf8)) == ".++-")
        #expect(try trace("^a|b", .search, Array("xb".utf8) + [0xFF]) == "..++")
        #expect(try trace("^a", .search, Array("xa".utf8)) == ".--")
        #expect(try trace("a$b", .search, []) == "-")
        #expect(try trace(#"a\b"#, .whole, Array("ab".utf8)) == ".+-")
        #expect(try trace("é", .whole, Array("é".utf8)) == "..+")
    }
}
