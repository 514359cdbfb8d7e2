import Foundation
import MemoryBanks
import ProviderKit

@testable import MemoryPgvector

/// A configuration as a distribution would give it, for the shared server.
func configuration(_ schema: String, _ more: JSONObject = [:]) throws -> MemoryPgvectorConfiguration {
    var json: JSONObject = [
        "host": .string(try SharedServer.get().folder), "user": "postgres", "database": "postgres",
        "schema": .string(schema),
    ]
    for member in more.members { json[member.key] = member.value }
    return try MemoryPgvectorConfiguration(json: .object(json), at: .root)
}

/// The provider on a schema, with these embeddings and no host.
func withBanks<Result>(
    _ schema: String, _ embedder: (any Embedder)?, _ more: JSONObject = [:],
    _ body: (MemoryPgvectorProvider) async throws -> Result
) async throws -> Result {
    let (configuration, context) = (try configuration(schema, more), ProviderContext(providerID: "test"))
    let store = try await PostgresBanks.open(configuration, context, model: embedder?.model)
    let provider = try await MemoryPgvectorProvider(store, configuration, context, embedder)
    do {
        let result = try await body(provider)
        await provider.shutdown()
        return result
    } catch {
        await provider.shutdown()
        throw error
    }
}

extension MemoryPgvectorProvider {
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

    func count(_ sql: String) async throws -> Int64 {
        try await store.pool.read { try $0.run(composed: sql).first?.int(0) ?? -1 }
    }
}
