import JSONSchema
import LlamaStackAPI
import Testing

@testable import Grammars

/// A schema, texts that it takes, and texts that it does not.
struct SchemaCase: CustomTestStringConvertible {
    let schema: String
    let right: [String]
    let wrong: [String]

    init(_ schema: String, right: [String], wrong: [String] = []) {
        (self.schema, self.right, self.wrong) = (schema, right, wrong)
    }

    var testDescription: String { schema }

    func grammar() throws -> Grammar {
        try Grammar(.now(.value(ValueSchema(parsing: JSON(parsing: schema)), .spaced)), timeMax: nil)
    }

    static let all: [SchemaCase] = [
        .init(#"{"type": "null"}"#, right: ["null"], wrong: ["true", "0", ""]),
        .init(#"{"type": ["boolean", "integer"]}"#, right: ["true", "-7", "0"], wrong: ["1.5", "null", "\"a\""]),
        .init(
            #"{"type": "integer", "minimum": -3, "exclusiveMaximum": 12}"#,
            right: ["-3", "-1", "0", "9", "10", "11"], wrong: ["-4", "12", "100", "-0", "01", "1.0"]),
        .init(
            #"{"type": "integer", "minimum": 95, "maximum": 1203}"#,
            right: ["95", "99", "100", "999", "1000", "1199", "1203"],
            wrong: ["94", "9", "1204", "1300", "2000", "-100"]),
        .init(
            #"{"type": "number", "minimum": -1.5, "maximum": 2.25}"#,
            right: ["-1.5", "-1.49", "-0.5", "0", "0.0", "1", "2", "2.2", "2.25", "2.250"],
            wrong: ["-1.51", "-2", "2.26", "2.2500001", "3", "1e0"]),
        .init(
            #"{"type": "number", "exclusiveMinimum": 0, "maximum": 1}"#,
            right: ["0.1", "1", "1.0", "0.00001"], wrong: ["0", "0.0", "-1", "1.1", "-0.5"]),
        .init(
            #"{"type": "integer", "multipleOf": 7, "minimum": 10}"#, right: ["14", "21", "700"],
            wrong: ["7", "10", "15", "0"]),
        .init(
            #"{"type": "number", "multipleOf": 0.05}"#, right: ["0.05", "1.1", "2", "-3.15", "0"],
            wrong: ["0.01", "1.11", "1e2"]),
        .init(
            #"{"type": "string", "minLength": 2, "maxLength": 3}"#, right: [#""ab""#, #""äöü""#, #""a\n😀""#],
            wrong: [#""a""#, #""abcd""#, #""""#]),
        .init(
            #"{"type": "string", "pattern": "^[a-c]+\"$"}"#, right: [#""ab\"""#],
            wrong: [#""ab""#, #""d\"""#, #""\"""#]),
        .init(
            #"{"type": "string", "pattern": "b", "maxLength": 3}"#, right: [#""b""#, #""abc""#],
            wrong: [#""ac""#, #""abcd""#]),
        .init(
            #"{"type": "string", "format": "date"}"#, right: [#""2024-02-28""#, #""1999-12-31""#],
            wrong: [#""2024-02-30""#, #""2024-13-01""#, #""24-1-1""#]),
        .init(
            #"{"enum": ["a", 1, null, {"b": [1, 2]}, "ä\""]}"#,
            right: [#""a""#, "1", "null", #"{"b": [1, 2]}"#, #""ä\"""#], wrong: ["2", "{}", #""b""#]),
        .init(#"{"const": 12, "type": "integer"}"#, right: ["12"], wrong: ["1", "123"]),
        .init(#"{"enum": [1, "a", 12], "type": "string"}"#, right: [#""a""#], wrong: ["1", "12"]),
        .init(
            #"{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}"#,
            right: ["[1]", "[1, 2]", "[1, 2, 3]"], wrong: ["[]", "[1, 2, 3, 4]", "[1,2]", "[\"a\"]"]),
        .init(
            #"{"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": false}"#,
            right: ["[]", #"["a"]"#, #"["a", null]"#], wrong: [#"["a", null, 1]"#, "[null]"]),
        .init(
            #"{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}, "c": {"const": 1}}, "required": ["b"]}"#,
            right: [
                #"{"b": null}"#, #"{"a": 1, "b": null}"#, #"{"a": 1, "b": null, "c": 1}"#, #"{"b": null, "c": 1}"#,
            ],
            wrong: ["{}", #"{"a": 1}"#, #"{"b": null, "a": 1}"#, #"{"b": null,}"#, #"{"a": 1 "b": null}"#]),
        .init(
            #"{"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "integer"}}"#,
            right: ["{}", #"{"a": null}"#, #"{"a": null, "b": 1}"#, #"{"b": 1, "c": 2}"#, #"{"aa": 1}"#],
            wrong: [#"{"a": 1}"#, #"{"b": null}"#, #"{"b": 1, "a": null}"#, #"{"b": 1, "c": 1, "b": 2}"#]),
        .init(
            #"{"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"pattern": "^x"}, "maxProperties": 2, "minProperties": 1}"#,
            right: [#"{"x": 1}"#, #"{"x": 1, "xy": 2}"#], wrong: ["{}", #"{"a": 1}"#, #"{"x": 1, "xy": 2, "xz": 3}"#]),
        .init(
            #"{"type": "object", "patternProperties": {"^a": {"type": "null"}, "z$": {"type": ["null", "integer"]}}, "additionalProperties": false}"#,
            right: [#"{"ab": null}"#, #"{"bz": 7}"#, #"{"az": null}"#], wrong: [#"{"az": 7}"#, #"{"b": null}"#]),
        .init(
            #"{"type": "object", "properties": {"a": {}, "b": false}, "required": ["c"]}"#,
            right: [#"{"a": [], "c": 1}"#, #"{"c": {}}"#], wrong: [#"{"b": 1, "c": 1}"#, "{}"]),
        .init(
            #"{"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}"#, right: ["1", #""a""#],
            wrong: [#""ab""#, "null"]),
        .init(
            #"{"type": "integer", "allOf": [{"minimum": 3}, {"maximum": 5}]}"#, right: ["3", "5"], wrong: ["2", "6"]),
        .init(
            #"{"oneOf": [{"type": "object", "properties": {"k": {"const": "x"}, "v": {"type": "integer"}}, "required": ["k", "v"]}, {"type": "object", "properties": {"k": {"const": "y"}, "v": {"type": "null"}}, "required": ["k"]}]}"#,
            right: [#"{"k": "x", "v": 1}"#, #"{"k": "y", "v": null}"#, #"{"k": "y"}"#],
            wrong: [#"{"k": "x", "v": null}"#, #"{"k": "x"}"#]),
        .init(
            ##"{"$defs": {"n": {"type": "object", "properties": {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}, "required": ["v", "next"], "additionalProperties": false}}, "$ref": "#/$defs/n"}"##,
            right: [#"{"v": 1, "next": null}"#, #"{"v": 1, "next": {"v": 2, "next": null}}"#],
            wrong: [#"{"v": 1}"#, #"{"v": 1, "next": {}}"#]),
        .init(
            ##"{"type": "object", "properties": {"t": {"$ref": "#"}, "x": {"type": "integer"}}}"##,
            right: ["{}", #"{"t": {"t": {}, "x": 1}}"#], wrong: [#"{"t": 1}"#]),
        .init(
            #"{"not": {"type": ["object", "array", "string"]}}"#, right: ["null", "true", "1"], wrong: ["{}", "[]"]),
        .init(
            #"{"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "minItems": 1}"#,
            right: [#"["a"]"#, #"["a", "c"]"#, #"["a", "b", "c"]"#], wrong: ["[]", #"["a", "a"]"#, #"["d"]"#]),
        .init(
            #"{"type": "array", "items": {"type": ["null", "integer"]}, "contains": {"const": 7}}"#,
            right: ["[7]", "[1, 7]", "[7, null, 7]"], wrong: ["[]", "[1, 2]", "[1, 7, true]"]),
        .init(
            #"{"type": "array", "items": {"type": ["null", "integer"]}, "contains": {"type": "null"}, "minContains": 2, "maxContains": 2}"#,
            right: ["[null, null]", "[null, null, 3]"], wrong: ["[null]", "[null, null, null]", "[3]"]),
        .init(
            #"{"type": "array", "prefixItems": [{"type": "null"}], "unevaluatedItems": {"type": "integer"}}"#,
            right: ["[]", "[null]", "[null, 1, 2]"], wrong: ["[1]", "[null, null]"]),
        .init(
            #"{"type": "object", "propertyNames": {"enum": ["x", "y"]}, "additionalProperties": {"type": "integer"}}"#,
            right: ["{}", #"{"x": 1}"#, #"{"x": 1, "y": 2}"#], wrong: [#"{"z": 1}"#, #"{"x": null}"#]),
        .init(
            #"{"type": "number", "minimum": 1, "allOf": [{"multipleOf": 0.4}, {"multipleOf": 6}]}"#,
            right: ["6", "12.0"], wrong: ["3", "0.4", "7", "2.4"]),
        .init(#"{"enum": [1, 2, 3], "not": {"const": 2}}"#, right: ["1", "3"], wrong: ["2"]),
        .init(
            #"{"oneOf": [{"type": "integer", "minimum": 3}, {"type": "number", "maximum": 5}]}"#,
            right: ["2", "6", "1.5"], wrong: ["3", "4", "5"]),
        .init(
            #"{"type": "string", "not": {"minLength": 3}}"#, right: [#""ab""#, #""""#], wrong: [#""abc""#]),
        .init(
            #"{"type": "string", "not": {"enum": ["ab", "b"]}}"#, right: [#""abc""#, #""a""#],
            wrong: [#""ab""#, #""b""#]),
        .init(
            #"{"type": "object", "properties": {"k": {"enum": ["x", "y"]}, "v": {}}, "required": ["k"], "if": {"properties": {"k": {"const": "x"}}}, "then": {"properties": {"v": {"type": "integer"}}, "required": ["v"]}, "else": {"properties": {"v": {"type": "null"}}}}"#,
            right: [#"{"k": "x", "v": 1}"#, #"{"k": "y"}"#, #"{"k": "y", "v": null}"#],
            wrong: [#"{"k": "x"}"#, #"{"k": "x", "v": null}"#, #"{"k": "y", "v": 1}"#]),
        .init(
            #"{"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}}"#,
            right: ["{}", #"{"b": 1}"#, #"{"a": 1, "b": 1}"#], wrong: [#"{"a": 1}"#]),
        .init(
            #"{"type": "object", "properties": {"a": {}, "b": {}}, "dependentSchemas": {"a": {"properties": {"b": {"type": "null"}}}}}"#,
            right: ["{}", #"{"b": 1}"#, #"{"a": 1, "b": null}"#, #"{"a": 1}"#], wrong: [#"{"a": 1, "b": 1}"#]),
        .init(
            #"{"not": {"type": "object", "required": ["a"]}, "type": "object", "additionalProperties": {"type": "null"}}"#,
            right: ["{}", #"{"b": null}"#], wrong: [#"{"a": null}"#]),
    ]
}

struct SchemaVerdictTests {
    @Test("a grammar takes what its schema takes, and nothing else", arguments: SchemaCase.all)
    func verdicts(_ example: SchemaCase) throws {
        let grammar = try example.grammar()
        for text in example.right { #expect(grammar.accepts(text), "\(text)") }
        for text in example.wrong { #expect(!grammar.accepts(text), "\(text)") }
    }

    @Test("masks hold what the plain way finds, in random states", arguments: SchemaCase.all)
    func masks(_ example: SchemaCase) throws {
        let grammar = try example.grammar()
        var random = TestRandom(seed: 5)
        var mask = TokenMask(vocabulary: TestVocabulary.shared.vocabulary)
        for _ in 0..<3 {
            var state = GrammarState(grammar, TestVocabulary.shared)
            for _ in 0..<15 {
                state.allowed(&mask)
                let plain = state.allowedPlainly()
                #expect(mask == plain)
                guard !mask.isEmpty else { break }
                let tokens = mask.tokens
                require(state.advance(tokens[random.next(0...tokens.count - 1)]))
            }
        }
    }

    @Test("random answers that end are valid under the schema", arguments: SchemaCase.all)
    func generated(_ example: SchemaCase) throws {
        let schema = try ValueSchema(parsing: JSON(parsing: example.schema))
        var writer = RandomWriter(try example.grammar(), seed: 11)
        var ended = 0
        for _ in 0..<12 {
            guard let text = writer.write() else { continue }
            ended += 1
            let value = try JSON(parsing: text)
            #expect(schema.validate(value) == [], "\(text)")
        }
        #expect(ended > 0)
    }

    static let refused: [(schema: String, keyword: String, place: String)] = [
        (#"{"properties": {"a": {"type": "array", "uniqueItems": true}}}"#, "uniqueItems", "/properties/a"),
        (#"{"allOf": [{"contains": {"type": "null"}}, {"contains": true}]}"#, "contains", "/allOf/0"),
        (#"{"type": "number", "multipleOf": 0.123456}"#, "multipleOf", ""),
        (#"{"allOf": [{"type": "array", "unevaluatedItems": false}]}"#, "unevaluatedItems", "/allOf/0"),
    ]

    @Test("what no grammar can hold an answer to is refused by its keyword and place", arguments: refused.indices)
    func refuses(_ index: Int) throws {
        let (text, keyword, place) = Self.refused[index]
        let schema = try ValueSchema(parsing: JSON(parsing: text))
        #expect {
            _ = try Grammar(.now(.value(schema, .spaced)), timeMax: nil)
        } throws: { error in
            let error = error as? GrammarError
            return error?.place == place && error?.keyword == keyword
        }
    }

    @Test("a schema that nothing is valid under is refused")
    func nothing() throws {
        for text in ["false", #"{"type": "integer", "minimum": 3, "maximum": 2}"#, #"{"enum": [1], "type": "string"}"#]
        {
            let schema = try ValueSchema(parsing: JSON(parsing: text))
            #expect(throws: GrammarError.self) { try Grammar(.now(.value(schema, .spaced)), timeMax: nil) }
        }
    }

    @Test("large bounds take no more states than small ones")
    func counters() throws {
        let schema = #"{"type": "array", "maxItems": 1000000000, "items": {"type": "string", "maxLength": 1000000000}}"#
        let grammar = try SchemaCase(schema, right: []).grammar()
        #expect(grammar.rules.count < 20)
        #expect(grammar.accepts(#"["a", "b"]"#))
    }
}

/// Writes answers from random tokens of the masks, and hurries to the end after some.
struct RandomWriter {
    let grammar: Grammar
    private var random: TestRandom

    init(_ grammar: Grammar, seed: UInt64) {
        self.grammar = grammar
        random = TestRandom(seed: seed)
    }

    /// Nil where the answer did not end in time.
    mutating func write() -> String? {
        let vocabulary = TestVocabulary.shared
        var state = GrammarState(grammar, vocabulary)
        var mask = TokenMask(vocabulary: vocabulary.vocabulary)
        var text: [UInt8] = []
        for length in 0..<200 {
            if state.isFinal, state.isComplete || random.next(0...2) == 0 {
                return String(decoding: text, as: UTF8.self)
            }
            state.allowed(&mask)
            var tokens = mask.tokens
            if length > 12 {
                let closing = tokens.filter { token in
                    vocabulary.trie.spelling(of: token).count == 1
                        && vocabulary.trie.spelling(of: token).allSatisfy { "\"]}0n".utf8.contains($0) }
                }
                if !closing.isEmpty, random.next(0...3) > 0 { tokens = closing }
            }
            guard !tokens.isEmpty else { return nil }
            let token = tokens[random.next(0...tokens.count - 1)]
            guard state.advance(token) else { return nil }
            text += vocabulary.trie.spelling(of: token)
        }
        return nil
    }
}
