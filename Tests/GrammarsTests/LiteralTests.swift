import JSONSchema
import LlamaStackAPI
import Testing

@testable import Grammars

/// Where a grammar leaves nothing but a choice of literals.
struct LiteralTests {
    private func state(_ source: GrammarSource, after text: String = "") throws -> GrammarState {
        var state = GrammarState(try Grammar(.now(source)), TestVocabulary.shared)
        for byte in text.utf8 { require(state.advance(byte: byte)) }
        return state
    }

    private func texts(_ state: GrammarState) -> [String] {
        state.literals.map { String(decoding: $0.text, as: UTF8.self) }
    }

    private func names(_ names: String...) -> GrammarSource {
        .choice(
            names.map { .sequence([.text("{\"name\": \"\($0)\", \"arguments\": "), .value(TestSchema.any, .spaced)]) })
    }

    @Test("names are literals from where they differ through the first byte that all go on with")
    func calls() throws {
        let tools = names("get_weather", "find_order", "get")
        #expect(texts(try state(tools)) == [])
        #expect(texts(try state(tools, after: "{\"name\": \"")) == ["find_order\"", "get\"", "get_weather\""])
        #expect(texts(try state(tools, after: "{\"name\": \"get")) == ["\"", "_weather\""])
        #expect(texts(try state(tools, after: "{\"name\": \"f")) == [])
    }

    @Test("an object's end and the keys that may still come are literals")
    func members() throws {
        let schema = try ValueSchema(
            parsing: JSON(
                parsing: #"""
                    {"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}, "c": {"type": "boolean"}},
                     "required": ["a"], "additionalProperties": false}
                    """#))
        #expect(
            texts(try state(.value(schema, .spaced), after: #"{"a": true"#)) == [#", "b": "#, #", "c": "#, "}"])
        #expect(texts(try state(.value(schema, .spaced), after: #"{"a": true, "c": true"#)) == [])
    }

    @Test("where other text may come there are none, and what begins like another counts with it")
    func others() throws {
        #expect(texts(try state(.choice([.text("one"), .value(TestSchema.any, .spaced)]))) == [])
        #expect(texts(try state(.choice([.text("one"), .token(TestVocabulary.control)]))) == [])
        #expect(texts(try state(.text("one"))) == [])
        #expect(texts(try state(.choice([.text("ab"), .text("abc"), .text("b")]))) == ["ab", "b"])
    }

    @Test("the state of a literal takes what the whole state takes of it, and nothing of the others")
    func states() throws {
        let all = try state(names("get_weather", "find_order"), after: "{\"name\": \"")
        for literal in all.literals {
            let text = String(decoding: literal.text, as: UTF8.self)
            for other in ["get_weather\", \"arguments\": 1", "find_order\", \"arguments\": 1"] {
                var state = literal.state
                let fits = other.utf8.allSatisfy { state.advance(byte: $0) }
                #expect(fits == other.hasPrefix(text))
            }
        }
    }

    @Test("whole literals are the options of a choice, or one alone; none where anything else may come")
    func whole() throws {
        func texts(_ source: GrammarSource) throws -> [String] {
            try state(source).wholeLiterals(endBytes: 1).map { String(decoding: $0.text, as: UTF8.self) }
        }
        #expect(try texts(.choice([.text("<a>"), .text("<ab>"), .text("<b>")])) == ["<a", "<ab", "<b"])
        #expect(try texts(.choice([.text("<a>")])) == ["<a"])
        #expect(try texts(.choice([.text("<a>"), .value(TestSchema.any, .spaced)])) == [])
        for literal in try state(.choice([.text("<a>"), .text("<ab>")])).wholeLiterals(endBytes: 0) {
            for other in ["<a>", "<ab>"] {
                var state = literal.state
                #expect(other.utf8.allSatisfy { state.advance(byte: $0) } == (Array(other.utf8) == literal.text))
            }
        }
    }
}
