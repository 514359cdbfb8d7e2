import Grammars
import JSONSchema
import LlamaStackAPI
import Testing

@testable import LlamaEngine

/// A vocabulary for the tiny models: a token for each byte, pieces of JSON, and control tokens from `control` on.
enum TinyGrammar {
    static let size = 320
    static let control: Int32 = 310

    static let vocabulary = GrammarVocabulary(
        trie: TokenTrie(vocabulary: size) { token, bytes in
            if token < 256 { bytes.append(UInt8(token)) } else if token < control { bytes += pieces[Int(token - 256)] }
        })

    private static let pieces: [[UInt8]] = [
        "\": ", "\", \"", "{\"", "\"}", "]}", "}}", ", ", "null", "true", "false", "1, ", "12", "123", "0.", "[[", "]]",
        "[{", "\"]", "name", "\"name", "city", "\"city\"", "\"city\": \"", "arg", "ument", "uments", "s\": {", "[]",
        "{}",
        "\\n", "\\\"", "<call>", "</call>", "ä", "€", "😀", "\"\"", "\"a", "a\"", "ab", "abc", "-1", "-", "e1", "\n{",
        "}\n",
        "  ", " \"", "ing", "th", "er", "on", "\": \"", "{\"name\": \"",
    ].map { Array($0.utf8) }

    static let anyValue: ValueSchema = {
        do { return try ValueSchema(parsing: .bool(true)) } catch { preconditionFailure("\(error)") }
    }()

    static func state(_ start: GrammarStart) throws -> GrammarState { GrammarState(try Grammar(start), vocabulary) }

    static func text(_ tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        for token in tokens where token < control {
            if token < 256 { bytes.append(UInt8(token)) } else { bytes += pieces[Int(token - 256)] }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A call of one of two tools, as the grammar of a template would have it.
    static let call = GrammarSource.sequence([
        .token(control),
        .choice(
            ["get_weather", "get_time"].map { name in
                .sequence([.text("\n{\"name\": \"\(name)\", \"arguments\": "), .value(TinyGrammar.anyValue, .spaced)])
            }), .text("}\n"), .token(control + 1),
    ])
}

/// `#expect` for a call that changes its value.
func require(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}
