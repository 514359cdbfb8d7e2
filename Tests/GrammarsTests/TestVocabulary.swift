import JSONSchema
import LlamaStackAPI
import Testing

@testable import Grammars

/// A small vocabulary: every byte, some common pieces, and random ones, many of which cross borders of JSON.
enum TestVocabulary {
    /// Control tokens are the last ones: `control`, `control + 1`, and so on.
    static let control = Int32(spellings.count)
    static let controls = 4

    static let shared = GrammarVocabulary(
        trie: TokenTrie(vocabulary: spellings.count + controls) { token, bytes in
            if token < control { bytes += spellings[Int(token)] }
        })

    private static let spellings: [[UInt8]] = {
        var random = TestRandom(seed: 7)
        var all = (UInt8.min...UInt8.max).map { [$0] }
        let pieces = [
            "\"", "\", \"", "\": ", "\": \"", "{\"", "\"}", "\"]", "}}", "]}", ", ", ": ", "{", "}", "[", "]", "[[",
            "null",
            "true", "false", "name", "city", "\"city", "Par", "is", " ", "  ", "0", "1", "12", "123", "-", "-1", ".5",
            "0.",
            "e1", "\\", "\\\"", "\\n", "\\u00", "ä", "€", "😀", "a", "b", "ab", "abc", "\n", "\"\n", "<tool", "_call>",
            "1, ",
            "2]", "\", ", "\",", "},{", "}, {\"", "{}", "[]", "\"\"", "\"a\"", "3}",
        ].map { Array($0.utf8) }
        all += pieces
        for _ in 0..<600 {
            all.append((0..<random.next(2...3)).flatMap { _ in pieces[random.next(0...pieces.count - 1)] })
        }
        return all
    }()
}

/// SplitMix64, for tests that must be the same each time.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func next(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}

extension Grammar {
    /// Whether the whole text is right, byte by byte.
    func accepts(_ text: String) -> Bool {
        var state = GrammarState(self, TestVocabulary.shared)
        for byte in text.utf8 where !state.advance(byte: byte) { return false }
        return state.isFinal
    }
}

enum TestSchema {
    /// Any value.
    static let any: ValueSchema = {
        do { return try ValueSchema(parsing: .bool(true)) } catch { preconditionFailure("\(error)") }
    }()

    /// Arrays inside each other, which can be read in a number of ways that grows by a factor of 20 a level.
    static let nestings: ValueSchema = {
        let arrays = (1...20).map { ##"{"type": "array", "items": {"$ref": "#"}, "maxItems": \##($0)}"## }
        do { return try ValueSchema(parsing: JSON(parsing: #"{"anyOf": [\#(arrays.joined(separator: ","))]}"#)) } catch
        {
            preconditionFailure("\(error)")
        }
    }()
}

/// `#expect` for a call that changes its value.
func require(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}
