import MemoryBanks
import ProviderKit
import Testing

struct EmbedderTests {
    @Test("a chunk longer than the model reads has the mean of its windows as its vector")
    func windows() async throws {
        struct Halves: Embedder {
            let model = "halves"
            func embed(_ texts: [String]) async throws -> [[Float]] {
                texts.map { $0.hasPrefix("one") ? [1, 0] : [0, 1] }
            }
        }
        let long = String(repeating: "one ", count: 192) + String(repeating: "two ", count: 192)
        let vectors = try await ChunkEmbedder(Halves()).embed([long, "two", ""])
        #expect(vectors.dropFirst() == [[0, 1], [0, 1]])
        #expect(vectors[0].allSatisfy { abs($0 - Float(0.5).squareRoot()) < 1e-6 })
    }

    @Test("a model that answers too few vectors, or numbers that are none, is one that is down")
    func unusable() async throws {
        struct Broken: Embedder {
            let model = "broken"
            var answer: [[Float]]
            func embed(_ texts: [String]) async throws -> [[Float]] { answer }
        }
        for answer: [[Float]] in [[], [[1], [1]], [[.nan]], [[]]] {
            let error = await #expect(throws: ProviderError.self) {
                _ = try await ChunkEmbedder(Broken(answer: answer)).embed(["text"])
            }
            #expect(error?.code == .providerUnavailable)
        }
    }
}
