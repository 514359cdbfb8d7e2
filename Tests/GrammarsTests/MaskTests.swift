import JSONSchema
import LlamaStackAPI
import Testing

@testable import Grammars

struct MaskTests {
    private static let json = GrammarSource.value(TestSchema.any, .spaced)

    static let starts: [GrammarStart] = [
        .now(json),
        .now(.value(TestSchema.any, .compact)),
        .now(.value(TestSchema.nestings, .compact)),
        .now(.sequence([.text("<tool_call>\n"), json, .text("\n</tool_call>")])),
        .now(.repeated(.choice([.text("a"), .text("ab"), json]), separator: .text(", "), min: 1, max: 3)),
        .now(.sequence([.token(TestVocabulary.control), .textThrough("}}"), .token(TestVocabulary.control + 1)])),
        .after([]),
        .after([
            .init(.token(TestVocabulary.control + 2), then: .text("abc")),
            .init(.text("{\"name"), then: .sequence([.text("\": "), json])),
            .init(.text("\"a"), then: .token(TestVocabulary.control + 3)),
            .init(.beginning("{}"), then: .text("[]")), .init(.beginning("\"ab"), then: json),
        ]),
    ]

    @Test(
        "a mask holds the tokens that the plain way finds, in every state of random answers", arguments: starts.indices)
    func same(_ index: Int) throws {
        var random = TestRandom(seed: UInt64(index) + 1)
        let grammar = try Grammar(Self.starts[index])
        var mask = TokenMask(vocabulary: TestVocabulary.shared.vocabulary)
        for _ in 0..<5 {
            var state = GrammarState(grammar, TestVocabulary.shared)
            for _ in 0..<30 {
                state.allowed(&mask)
                let plain = state.allowedPlainly()
                #expect(mask == plain)
                let tokens = mask.tokens
                guard !tokens.isEmpty else { break }
                require(state.advance(tokens[random.next(0...tokens.count - 1)]))
            }
        }
    }

    @Test("branches that say the same, and references to one schema, are one rule")
    func sharing() throws {
        func rules(_ count: Int) throws -> Int {
            let branch = ##"{"type": "array", "items": {"title": "again", "$ref": "#"}}"##
            let branches = Array(repeating: branch, count: count).joined(separator: ",")
            let schema = try ValueSchema(parsing: JSON(parsing: #"{"anyOf": [\#(branches)]}"#))
            return try Grammar(.now(.value(schema, .spaced))).rules.count
        }
        #expect(try rules(200) == rules(1))
    }

    @Test("an answer can end, or go on, in every state")
    func neverStuck() throws {
        var random = TestRandom(seed: 99)
        for start in Self.starts {
            let grammar = try Grammar(start)
            for _ in 0..<10 {
                var state = GrammarState(grammar, TestVocabulary.shared)
                var mask = TokenMask(vocabulary: TestVocabulary.shared.vocabulary)
                for _ in 0..<100 {
                    state.allowed(&mask)
                    #expect(state.isFinal || !mask.isEmpty)
                    #expect(state.isComplete == (state.isFinal && mask.isEmpty))
                    let tokens = mask.tokens
                    guard !tokens.isEmpty else { break }
                    require(state.advance(tokens[random.next(0...tokens.count - 1)]))
                }
            }
        }
    }

    @Test("a token that does not fit changes nothing")
    func refused() throws {
        var state = GrammarState(try Grammar(.now(.text("ab"))), TestVocabulary.shared)
        require(!state.advance(TestVocabulary.control))
        require(!state.advance(-1))
        require(!state.advance(1 << 20))
        require(!state.advance(Int32(UInt8(ascii: "b"))))
        require(state.advance(Int32(UInt8(ascii: "a"))))
        #expect(!state.isFinal)
        require(state.advance(Int32(UInt8(ascii: "b"))))
        #expect(state.isComplete)
    }

    @Test("what must come next is spelled by the longest tokens")
    func forced() throws {
        let source = GrammarSource.sequence([
            .token(TestVocabulary.control), .text("abc"), .token(TestVocabulary.control + 1), .text("null"),
            .choice([.text("a"), .text("b")]),
        ])
        let state = GrammarState(try Grammar(.now(source)), TestVocabulary.shared)
        let spelled = state.forced(limit: 8).map { TestVocabulary.shared.trie.spelling(of: $0) }
        #expect(spelled.map { String(decoding: $0, as: UTF8.self) } == ["", "abc", "", "null"])
        #expect(state.forced(limit: 2).count == 2)
    }
}
