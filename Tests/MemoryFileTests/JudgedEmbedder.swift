import Foundation
import ProviderKit
import VectorIndex

@testable import MemoryFile

/// Answers the embeddings that all-MiniLM-L6-v2 gives the texts of the judged set, as they were computed by
/// sentence-transformers (`minilm.i8`: of each document, then of each query, an F32 scale and 384 signed bytes).
struct JudgedEmbedder: Embedder {
    var model = "all-minilm-l6-v2"
    /// Refuses everything, as a provider does that is down.
    var isDown = false
    private var vectors: [String: [Float]] = [:]

    init(_ judged: JudgedSet) throws {
        let rows = [UInt8](try Data(contentsOf: URL(fileURLWithPath: JudgedSet.folder + "/minilm.i8")))
        for (index, text) in (judged.documents.map(\.text) + judged.queries.map(\.text)).enumerated() {
            let row = rows[(index * 388)..<((index + 1) * 388)]
            let scale = Float(
                bitPattern: row.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            vectors[text] = row.dropFirst(4).map { scale * Float(Int8(bitPattern: $0)) }
        }
    }

    func embed(_ texts: [String]) async throws -> [[Float]] {
        if isDown { throw ProviderError(.providerUnavailable, "down") }
        return try texts.map { text in
            guard let vector = vectors[text] else { throw ProviderError(.invalidRequest, "unknown text: \(text)") }
            return vector
        }
    }
}

/// The provider on a folder, with these embeddings and no host.
func withBanks<Result>(
    _ state: String, _ embedder: (any Embedder)?, exactMax: Int = 20_000,
    _ body: (MemoryFileProvider) async throws -> Result
) async throws -> Result {
    var options = VectorIndex.Options()
    options.exactMax = exactMax
    let provider = try await MemoryFileProvider(
        configuration: MemoryFileConfiguration(json: [:], at: .root),
        context: ProviderContext(providerID: "test", statePath: state), embedder: embedder, vectorOptions: options)
    do {
        let result = try await body(provider)
        await provider.shutdown()
        return result
    } catch {
        await provider.shutdown()
        throw error
    }
}

extension MemoryFileProvider {
    func create(_ bank: String, _ documents: [MemoryBankDocument]) async throws {
        try await create(MemoryBankCreateQuery(bankUUID: bank, bankName: bank), documents, Call())
    }

    func find(
        _ query: String, in banks: [String] = ["bank"], _ mode: MemoryBankQueryMode? = .vector, topK: Int = 10,
        filter: JSONObject = [:]
    ) async throws -> MemoryBankQueryResponse {
        try await self.query(
            MemoryBankQueryRequest(
                bankUUIDs: banks, query: .text(query), mode: mode, topK: topK, tokensMax: 1_000_000, filter: filter),
            Call())
    }

    /// Waits until the bank's chunks have their vectors; without `vectors`, until they are found by words.
    func settled(_ bank: String = "bank", vectors: Bool = true) async throws -> MemoryBankStatus {
        while true {
            let status = try await status(MemoryBankQuery(bankUUID: bank), Call())
            if status.pending == 0, !vectors || status.embeddingPending == 0 { return status }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

extension JudgedSet {
    func rows(_ metadata: (String) -> JSONObject = { _ in [:] }) -> [MemoryBankDocument] {
        documents.map { text($0.id, $0.text, "text/plain", metadata($0.id)) }
    }

    /// Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002), gains of 2^grade − 1.
    func gain(_ query: Query, _ found: [String]) -> Double {
        func sum(_ grades: [Int]) -> Double {
            zip(1..., grades.prefix(10)).reduce(0) { $0 + (pow(2, Double($1.1)) - 1) / log2(Double($1.0) + 1) }
        }
        return sum(found.map { query.judgments[$0] ?? 0 }) / sum(query.judgments.values.sorted(by: >))
    }
}
