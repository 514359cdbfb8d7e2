import ProviderKit

extension MemoryBanksProvider {
    package func create(_ bank: String, _ documents: [MemoryBankDocument]) async throws {
        try await create(MemoryBankCreateQuery(bankUUID: bank, bankName: bank), documents, Call())
    }

    package func find(
        _ query: String, in banks: [String] = ["bank"], _ mode: MemoryBankQueryMode? = .vector, topK: Int = 10,
        filter: JSONObject = [:]
    ) async throws -> MemoryBankQueryResponse {
        try await self.query(
            MemoryBankQueryRequest(
                bankUUIDs: banks, query: .text(query), mode: mode, topK: topK, tokensMax: 1_000_000, filter: filter),
            Call())
    }

    /// Waits until the bank's chunks have their vectors; without `vectors`, until they are found by words.
    package func settled(_ bank: String = "bank", vectors: Bool = true) async throws -> MemoryBankStatus {
        while true {
            let status = try await status(MemoryBankQuery(bankUUID: bank), Call())
            if status.pending == 0, !vectors || status.embeddingPending == 0 { return status }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
