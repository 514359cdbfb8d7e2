import JSONSchema
import Testing

@testable import Grammars

struct JSONTextTests {
    static let right = [
        "null", "true", "-12.5e+10", "0", "[]", "{}", "[1, 2]", "{\"a\": 1, \"b\": [{}]}", "\"ä€😀\\n\\u001f\\\"\"",
        "1e5",
    ]
    static let wrong = [
        "", "nul", "01", "-", "-0", "1.", "[1,2]", "[1, ]", "{\"a\":1}", "{\"a\": 1,}", "\"", "\"\n\"", "\"\\u0041\"",
        "\"\\/\"", " 1", "1 ", "\"\\u000a\"", "{a: 1}", "[1", "+1", ".5", "{\"a\": 1, \"a\": 2}",
    ]

    @Test("a value has the one spelling of its style", arguments: right)
    func takes(_ text: String) throws {
        #expect(try Grammar(.now(.value(TestSchema.any, .spaced))).accepts(text))
    }

    @Test("other spellings are refused", arguments: wrong)
    func refuses(_ text: String) throws {
        #expect(!(try Grammar(.now(.value(TestSchema.any, .spaced))).accepts(text)))
    }

    @Test("nesting deeper than the stack is not begun")
    func deep() throws {
        let grammar = try Grammar(.now(.value(TestSchema.any, .spaced)))
        #expect(grammar.accepts(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)))
        var state = GrammarState(grammar, TestVocabulary.shared)
        var depth = 0
        while state.advance(byte: UInt8(ascii: "[")) { depth += 1 }
        #expect(depth < 200)
        for _ in 0..<depth { require(state.advance(byte: UInt8(ascii: "]"))) }
        #expect(state.isComplete)
    }
}
