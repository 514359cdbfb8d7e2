import Dispatch
import MemoryBanks
import Postgres
import ProviderKit
import Synchronization

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
    /// Whose turn was last.
    private let lastQuick = Mutex<Int64>(0)
    /// Held while the next is chosen, so that two readers do not choose the same bank: only on threads of the pool.
    private let lastSlow = Mutex<Int64>(0)
    /// Cutting computes: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "memory-indexer", qos: .utility, attributes: .concurrent)

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

    // MARK: Indexing

    /// Longer than a document takes to be read, cut and stored.
    private static let leaseSeconds = 300

    /// A quick document that is worked at is held by its row's lock, and others skip it: a host that dies releases it
    /// with its connection. The reading and cutting is done on the connection's thread.
    package func indexSome(
        _ effort: TextEffort, _ cut: @escaping @Sendable (PendingDocument) -> CutDocument,
        isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        guard try await read({ try $0.isWaiting(effort) }) else { return 0 }
        if effort == .slow { return try await indexSlow(cut, isStopped) }
        let after = lastQuick.withLock { $0 }
        let (count, last) = try await write(.adding) { transaction in
            var (count, last) = (0, after)
            let taken = try transaction.takeQuick(after: after, documentsMax: 32, bytesMax: 512 << 10)
            for pending in taken where !isStopped() {
                let made = cut(try transaction.document(pending))
                try transaction.add(made.chunks, to: pending)
                try transaction.finish(pending, made)
                (count, last) = (count + 1, pending.bank)
            }
            return (count, last)
        }
        lastQuick.withLock { $0 = last }
        return count
    }

    private func indexSlow(
        _ cut: @escaping @Sendable (PendingDocument) -> CutDocument, _ isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        let taken = try await write(.adding) { [self] transaction in
            try lastSlow.withLock { last in
                let taken = try transaction.leaseSlow(after: last, seconds: Self.leaseSeconds)
                last = taken?.0.bank ?? last
                return taken
            }
        }
        guard let (pending, document) = taken else { return 0 }
        do {
            let made = await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: cut(document)) }
            }
            try await write(.adding) { transaction in
                guard try transaction.isStillPending(pending) else { return }
                try transaction.add(made.chunks, to: pending)
                try transaction.finish(pending, made)
            }
        } catch {
            try? await write(.adding) { try $0.lease(pending, seconds: 0) }
            throw error
        }
        return 1
    }
}
