import Foundation
import ProviderKit

/// Turns texts into vectors of length 1 whose dot product says how alike the texts are.
package protocol Embedder: Sendable {
    /// Vectors of another model can't be compared with these.
    var model: String { get }
    /// One vector for each text, in order.
    func embed(_ texts: [String]) async throws -> [[Float]]
}

/// Asks the inference provider that serves the model, through the host.
package struct HostEmbedder: Embedder {
    package let model: String
    private let context: ProviderContext

    package init(model: String, context: ProviderContext) { (self.model, self.context) = (model, context) }

    package func embed(_ texts: [String]) async throws -> [[Float]] {
        let request = EmbeddingsRequest(
            model: model, contents: texts.map { .text($0) }, textTruncation: .end)
        return try await context.inference().embeddings(request).embeddings
    }
}

/// Vectors of chunks of any length, of a model that reads a few hundred tokens at a time.
///
/// A longer text is read in windows; its vector is the mean of theirs, each counted by its tokens, as the model's own
/// pooling is the mean over tokens.
package struct ChunkEmbedder: Sendable {
    /// By ``Chunker``'s estimate, with room for a text whose words are rarer than most.
    private static let windowTokens = 192

    package let embedder: any Embedder
    private let windows = Chunker(tokens: windowTokens, overlap: 0)

    package init(_ embedder: any Embedder) { self.embedder = embedder }

    /// Throws when the answer is not what was asked for: another count, other lengths, numbers that are none.
    package func embed(_ texts: [String]) async throws -> [[Float]] {
        let windows = texts.map(windows.chunks)
        let vectors = try await embedder.embed(
            zip(texts, windows).flatMap { $1.isEmpty ? [$0] : $1.map { String($0.text) } })
        let dimensions = vectors.first?.count ?? 0
        guard vectors.count == windows.reduce(0, { $0 + max(1, $1.count) }),
            vectors.allSatisfy({ $0.count == dimensions && $0.allSatisfy(\.isFinite) }), dimensions > 0
        else { throw ProviderError(.providerUnavailable, "the model '\(embedder.model)' gave no usable embeddings") }
        var next = 0
        return windows.map { windows in
            let weights = windows.isEmpty ? [1] : windows.map(\.tokens)
            defer { next += weights.count }
            return Self.mean(vectors[next..<next + weights.count], weights)
        }
    }

    private static func mean(_ vectors: ArraySlice<[Float]>, _ weights: [Int]) -> [Float] {
        var sum = [Float](repeating: 0, count: vectors.first?.count ?? 0)
        for (vector, weight) in zip(vectors, weights) {
            for (index, value) in vector.enumerated() { sum[index] += Float(weight) * value }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : sum
    }
}
