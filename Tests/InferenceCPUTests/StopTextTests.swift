import Testing

@testable import InferenceCPU

/// Texts that an answer ends at, however they are cut.
struct StopTextTests {
    private func ended(_ stops: [String], _ pieces: [String]) throws -> (text: String, found: String?) {
        var stop = try #require(StopText(stops))
        var text = ""
        for piece in pieces {
            let certain = stop.add(piece)
            text += certain
            for stop in stops { #expect(!text.contains(stop)) }
        }
        return (text + stop.finish(), stop.found)
    }

    @Test("every cut of a text gives the same answer")
    func cuts() throws {
        let whole = "one, two — drei 🎼 END and more"
        for stop in ["END", " 🎼 E", "—", "e", "one", "nd more"] {
            let wanted = try #require(whole.firstRange(of: stop)).lowerBound
            let scalars = Array(whole.unicodeScalars)
            for first in 0...scalars.count {
                for second in stride(from: first, through: scalars.count, by: 3) {
                    let pieces = [scalars[..<first], scalars[first..<second], scalars[second...]].map {
                        String(String.UnicodeScalarView($0))
                    }
                    let (text, found) = try ended([stop, "never"], pieces)
                    #expect(text == whole[..<wanted], "\(pieces)")
                    #expect(found == stop)
                }
            }
        }
    }

    @Test("what only began like a stop text is sent")
    func beginnings() throws {
        #expect(try ended(["ENDE"], ["an EN", "D of"]) == ("an END of", nil))
        #expect(try ended(["ENDE"], ["an EN", "D"]) == ("an END", nil))
        #expect(try ended(["aab"], ["a", "a", "a", "a", "b"]) == ("aa", "aab"))
        #expect(try ended(["xyz", "yq"], ["wx", "y", "q"]) == ("wx", "yq"))
    }

    @Test("nothing is held back longer than it must be")
    func prompt() throws {
        var stop = try #require(StopText(["\n\n"]))
        #expect(stop.add("a line") == "a line")
        #expect(stop.add("\n") == "")
        #expect(stop.add("more") == "\nmore")
        #expect(stop.add("\n") == "")
        #expect(stop.add("\n") == "")
        #expect(stop.found == "\n\n")
        #expect(stop.add("after") == "")
        #expect(stop.finish() == "")
    }
}
