import MemoryBanks
import Postgres
import ProviderKit

/// Banks in a PostgreSQL database that several hosts may share, with pgvector.
package final class PostgresBanks: BankStore {
    package static let providerType = "remote::pgvector"
    package static let version = "1.0.0"
    package static let summary =
        "Keeps banks of documents in PostgreSQL, and finds their text by words and by meaning (pgvector)."
    /// Other hosts may have died, or left something undone.
    package static let lookAgainSeconds: Double? = 2

    package let pool: Pool
    private let configuration: MemoryPgvectorConfiguration
    private let model: String?

    private init(_ pool: Pool, _ configuration: MemoryPgvectorConfiguration, _ model: String?) {
        (self.pool, self.configuration, self.model) = (pool, configuration, model)
    }

    package static func open(
        _ configuration: MemoryPgvectorConfiguration, _ context: ProviderContext, model: String?
    ) async throws -> PostgresBanks {
        let pool = Pool(try ConnectionSettings(configuration.database, context), log: context.log)
        do {
            let schema = DatabaseSchema.memoryBanks(hasVectors: model != nil)
            switch context.purpose {
            case .serve:
                try await pool.open(configuration.database, schema) {
                    if let model { try $0.openEmbeddingModel(model) }
                    try $0.useWords()
                }
            case .check:
                let name = configuration.database.schema
                let changes = try await pool.check(configuration.database, schema) { session, version in
                    try model.map { try session.changes(forModel: $0, inSchema: name, version: version) } ?? []
                }
                for change in changes { context.log.info("a start will \(change)") }
                if changes.isEmpty { context.log.info("a start changes nothing in the schema '\(name)'") }
            }
        } catch {
            await pool.close()
            throw error
        }
        return PostgresBanks(pool, configuration, model)
    }

    package func close() async { await pool.close() }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
    ) async throws -> Value {
        try await pool.read { [configuration, model] in try body(PostgresTransaction($0, configuration, model)) }
    }

    package func write<Value: Sendable>(
        _ purpose: ChangePurpose, _ body: @escaping @Sendable (PostgresTransaction) throws -> Value
    ) async throws -> Value {
        try await pool.write { [configuration, model] in try body(PostgresTransaction($0, configuration, model)) }
    }

    /// A document that is worked at is held by its row's lock, and others skip it: a host that dies releases it with
    /// its connection. The reading and cutting is done on the connection's thread.
    package func indexSome(
        _ cut: @escaping @Sendable (PendingDocument) -> CutDocument, isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        try await write(.adding) { transaction in
            var (count, bytesLeft) = (0, 4 << 20)
            for pending in try transaction.takePending(documentsMax: 32)
            where count == 0 || pending.bytes <= bytesLeft && !isStopped() {
                bytesLeft -= pending.bytes
                count += 1
                let made = cut(try transaction.document(pending))
                try transaction.add(made.chunks, to: pending)
                try transaction.finish(pending, made)
            }
            return count
        }
    }
}
