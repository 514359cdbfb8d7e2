import BankFixtures
import MemoryBanks
import MemoryPgvector
import ProviderKit
import Torture

func withServer<Result>(
    config: String = "{}", _ body: (BankServer, _ state: String) async throws -> Result
) async throws -> Result { try await BankKind.pgvector.withServer(config: config, body) }

/// The provider on a schema, with these embeddings and no host.
func withBanks<Result>(
    _ schema: String, _ embedder: (any Embedder)?, _ more: JSONObject = [:],
    _ body: (MemoryPgvectorProvider) async throws -> Result
) async throws -> Result {
    let banks = try await postgresBanks(schema, embedder, more)
    do {
        let result = try await body(banks)
        await banks.shutdown()
        return result
    } catch {
        await banks.shutdown()
        throw error
    }
}

extension MemoryPgvectorProvider {
    func count(_ sql: String) async throws -> Int64 {
        try await store.pool.read { try $0.run(composed: sql).first?.int(0) ?? -1 }
    }
}
