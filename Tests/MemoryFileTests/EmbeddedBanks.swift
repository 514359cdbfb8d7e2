import Foundation
import MemoryBanks
import ProviderKit
import VectorIndex

@testable import MemoryFile

/// The provider on a folder, with these embeddings and no host.
func withBanks<Result>(
    _ state: String, _ embedder: (any Embedder)?, exactMax: Int = 20_000,
    _ body: (MemoryFileProvider) async throws -> Result
) async throws -> Result {
    var options = VectorIndex.Options()
    options.exactMax = exactMax
    let configuration = try MemoryFileConfiguration(json: [:], at: .root)
    let context = ProviderContext(providerID: "test", statePath: state)
    let store = try await FileBanks.open(configuration, context, model: embedder?.model, options)
    let provider = try await MemoryFileProvider(store, configuration, context, embedder)
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
