import BankFixtures
import GRDB
import JudgedDocuments
import MemoryFile
import ProviderKit
import Testing

/// What the database holds of vectors.
@Suite(.timeLimit(.minutes(10)))
struct VectorStorageTests {
    let judged: JudgedSet
    let embedder: JudgedEmbedder

    init() throws {
        judged = try JudgedSet()
        embedder = try JudgedEmbedder(judged)
    }

    private func count(_ table: String, _ banks: MemoryFileProvider) async throws -> Int? {
        try await banks.store.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test("another model takes the place of the first, and of its vectors")
    func modelChanges() async throws {
        try await withFolder { state in
            var other = embedder
            other.model = "another"
            for embedder in [embedder, other] {
                let banks = try await fileBanks(state, embedder)
                if embedder.model != other.model { try await banks.create("bank", Array(judged.rows().prefix(50))) }
                _ = try await banks.settled()
                let model = try await banks.store.store.read {
                    try String.fetchAll($0, sql: "SELECT model FROM embedding_model")
                }
                #expect(model == [embedder.model])
                #expect(try await count("code", banks) == 50)
                await banks.shutdown()
            }
        }
    }

    @Test("vectors of documents that are deleted and of banks that are dropped leave the database")
    func deleted() async throws {
        try await withFolder { state in
            let banks = try await fileBanks(state, embedder)
            try await banks.create("bank", Array(judged.rows().prefix(50)))
            try await banks.create("other", Array(judged.rows().prefix(50)))
            _ = try await (banks.settled(), banks.settled("other"))
            _ = try await banks.deleteDocuments(MemoryBankQuery(bankUUID: "bank"), [judged.rows()[0].uuid], Call())
            _ = try await banks.drop(MemoryBankQuery(bankUUID: "other"), Call())
            while try await count("vector", banks) != 49 { try await Task.sleep(for: .milliseconds(2)) }
            await banks.shutdown()
        }
    }
}
