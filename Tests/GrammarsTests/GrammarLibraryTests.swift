import JSONSchema
import LlamaStackAPI
import Synchronization
import Testing

@testable import Grammars

struct GrammarLibraryTests {
    private func library() -> GrammarLibrary { GrammarLibrary { TestVocabulary.shared.trie } }

    @Test("a grammar is compiled once for a key, and forgotten when many others came after it")
    func keeps() async throws {
        let library = library()
        let made = Mutex(0)
        func ask(_ key: String) async throws {
            _ = try await library.state(key) {
                made.withLock { $0 += 1 }
                return .now(.text(key))
            }
        }
        for _ in 0..<3 { try await ask("a") }
        #expect(made.withLock { $0 } == 1)
        for index in 0..<GrammarLibrary.grammarsMax { try await ask("\(index)") }
        #expect(made.withLock { $0 } == 1 + GrammarLibrary.grammarsMax)
        try await ask("\(GrammarLibrary.grammarsMax - 1)")
        #expect(made.withLock { $0 } == 1 + GrammarLibrary.grammarsMax)
        try await ask("a")
        #expect(made.withLock { $0 } == 2 + GrammarLibrary.grammarsMax)
    }

    @Test("an error is that request's alone")
    func fails() async throws {
        let library = library()
        await #expect(throws: GrammarError.self) { try await library.state("x") { .now(.choice([])) } }
        let state = try await library.state("x") { .now(.text("a")) }
        #expect(!state.isFinal)
    }

    static let costly: [String] = {
        func repeated(_ text: String, _ count: Int) -> String {
            Array(repeating: text, count: count).joined(separator: ", ")
        }
        let names = (0..<900).map { "\"k\($0)\"" }.joined(separator: ", ")
        let values = (0..<1000).map { "\"\($0)-\(String(repeating: "x", count: 40))\"" }.joined(separator: ", ")
        let nested = String(repeating: "{\"anyOf\": [", count: 30) + "true" + String(repeating: "]}", count: 30)
        return [
            // 2^20 alternatives by a product of choices.
            "{\"allOf\": [\(repeated("{\"anyOf\": [{\"minimum\": 1}, {\"maximum\": 9}]}", 20))]}",
            "{\"type\": \"string\", \"pattern\": \"^(.{1,20}x){1,20}$\", \"maxLength\": 900}",
            "{\"type\": \"number\", \"minimum\": 0, \"multipleOf\": 9973}",
            "{\"type\": \"object\", \"required\": [\(names)]}", "{\"enum\": [\(values)]}", nested,
            "{\"type\": \"array\", \"items\": {\"$ref\": \"#\"}, \"maxItems\": 1000000000, \"minItems\": 1000000000}",
        ]
    }()

    @Test("a costly schema is a grammar or an error within the limits", arguments: costly.indices)
    func limits(_ index: Int) async throws {
        let schema = try ValueSchema(parsing: JSON(parsing: Self.costly[index]))
        do {
            let state = try await library().state("\(index)") { .now(.value(schema, .spaced)) }
            #expect(!state.isFinal)
        } catch {
            print("\(index): \(error)")
            #expect(!"\(error)".isEmpty)
        }
    }
}
