import Foundation
import MemoryBanks
import ProviderKit

/// Answers the embeddings that all-MiniLM-L6-v2 gives the texts of the judged set, as they were computed by
/// sentence-transformers (`minilm.i8`: of each document, then of each query, an F32 scale and 384 signed bytes).
package struct JudgedEmbedder: Embedder {
    package var model = "all-minilm-l6-v2"
    /// Refuses everything, as a provider does that is down.
    package var isDown = false
    private var vectors: [String: [Float]] = [:]

    package init(_ judged: JudgedSet) throws {
        let rows = [UInt8](try Data(contentsOf: URL(fileURLWithPath: judged.name.folder + "/minilm.i8")))
        for (index, text) in (judged.documents.map(\.text) + judged.queries.map(\.text)).enumerated() {
            let row = rows[(index * 388)..<((index + 1) * 388)]
            let scale = Float(
                bitPattern: row.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            vectors[text] = row.dropFirst(4).map { scale * Float(Int8(bitPattern: $0)) }
        }
    }

    /// Has a text of one's own mean what one of the set means.
    package mutating func add(_ text: String, as known: String) { vectors[text] = vectors[known] }

    package func embed(_ texts: [String]) async throws -> [[Float]] {
        if isDown { throw ProviderError(.providerUnavailable, "down") }
        return try texts.map { text in
            guard let vector = vectors[text] else { throw ProviderError(.invalidRequest, "unknown text: \(text)") }
            return vector
        }
    }
}
