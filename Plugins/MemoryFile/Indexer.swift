import Dispatch
import Documents
import Foundation
import GRDB
import ProviderKit
import Storage

/// Cuts new documents into chunks, clears away dropped banks, and has chunks embedded, behind the callers' backs.
///
/// What is to be done is in the database (documents whose state is pending, banks without a uuid), so a crash loses
/// none of it. Chunks come in small transactions: callers who write at the same time wait for one of them at most.
final class Indexer: Sendable {
    /// So many pending documents, or bytes of them, are read at a time.
    private static let documentsMax = 64
    private static let bytesMax: Int64 = 4 << 20
    /// So many chunks, or deleted rows, go into one transaction.
    private static let rowsMax = 256
    private static let retrySeconds = 5.0

    private let store: Store
    private let reader: DocumentReader
    private let chunker: Chunker
    /// nil: chunks get no vectors.
    private let embedding: EmbeddingStage?
    private let log: Log
    private let metrics: Metrics
    private let work = BackgroundWork()
    /// Chunking computes: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "memory-indexer", qos: .utility)

    init(
        _ store: Store, _ reader: DocumentReader, _ chunker: Chunker, _ embedding: EmbeddingStage?, log: Log,
        metrics: Metrics
    ) {
        (self.store, self.reader, self.chunker, self.embedding) = (store, reader, chunker, embedding)
        (self.log, self.metrics) = (log, metrics)
    }

    /// There may be something to do.
    func wake() { work.wake { await self.run() } }

    func stop() async { await work.stop() }

    private func wake(in seconds: Double) { work.wake(in: seconds) { [weak self] in await self?.run() } }

    private var isStopped: Bool { work.isStopped }

    private func run() async {
        do {
            // Embedding takes longest, and words go first: after each batch of it the others have their turn.
            var isEmbedding = true
            while isEmbedding {
                while !isStopped, try await indexSome() {}
                while !isStopped, try await clearSome() {}
                isEmbedding = isStopped ? false : try await embedding?.embedSome() ?? false
            }
            if let pause = embedding?.pauseLeft, pause > 0 { wake(in: pause) }
        } catch {
            // Still in the database: the next call that changes something, or the timer, tries again.
            log.warning("indexing has to wait", ["reason": "\(error)"])
            wake(in: Self.retrySeconds)
        }
    }

    // MARK: Documents

    private struct Pending: Sendable {
        var id: Int64
        var bank: Int64
        var revision: Int64
        var mimeType: String
        var content: Data
    }

    /// False when nothing is pending.
    private func indexSome() async throws -> Bool {
        let pending = try await store.read { db in
            var bytes: Int64 = 0
            var pending: [Pending] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, bank, revision, coalesce(fetched.mime_type, document.mime_type),
                        coalesce(fetched.content, document.content)
                    FROM document LEFT JOIN fetched ON fetched.document = document.id
                    WHERE state = 0 ORDER BY id LIMIT ?
                    """,
                arguments: [Self.documentsMax])
            while bytes < Self.bytesMax, let row = try rows.next() {
                let document = Pending(id: row[0], bank: row[1], revision: row[2], mimeType: row[3], content: row[4])
                bytes += Int64(document.content.count)
                pending.append(document)
            }
            return pending
        }
        var batch: [(Pending, [Chunk]?)] = []
        var rows = 0
        for document in pending where !isStopped {
            let chunks = await chunks(of: document)
            guard let chunks, chunks.count > Self.rowsMax else {
                batch.append((document, chunks))
                rows += chunks?.count ?? 0
                if rows >= Self.rowsMax {
                    try await store(batch)
                    (batch, rows) = ([], 0)
                }
                continue
            }
            try await storeInParts(document, chunks)
        }
        try await store(batch)
        return !pending.isEmpty
    }

    /// nil: there is no text to read.
    private func chunks(of document: Pending) async -> [Chunk]? {
        await withCheckedContinuation { continuation in
            queue.async { [reader, chunker, log, metrics] in
                let text = reader.text(of: document.content, document.mimeType, row: document.id, log, metrics)
                continuation.resume(returning: text.map(chunker.chunks))
            }
        }
    }

    private func store(_ documents: [(Pending, [Chunk]?)]) async throws {
        guard !documents.isEmpty else { return }
        try await store.write { db in
            for (document, chunks) in documents {
                guard try db.isCurrent(document.id, document.revision) else { continue }
                try db.deleteChunks(of: document.id)
                try db.add(chunks?[...] ?? [], to: document.id, bank: document.bank)
                try db.finish(document.id, chunks?.count)
            }
        }
        metrics.count("documents_indexed_total", by: Double(documents.count))
    }

    private func storeInParts(_ document: Pending, _ chunks: [Chunk]) async throws {
        for start in stride(from: 0, to: chunks.count, by: Self.rowsMax) {
            if isStopped { return }
            let end = min(start + Self.rowsMax, chunks.count)
            let isCurrent = try await store.write { db in
                guard try db.isCurrent(document.id, document.revision) else { return false }
                if start == 0 { try db.deleteChunks(of: document.id) }
                try db.add(chunks[start..<end], to: document.id, bank: document.bank)
                if end == chunks.count { try db.finish(document.id, chunks.count) }
                return true
            }
            guard isCurrent else { return }
        }
        metrics.count("documents_indexed_total")
    }

    // MARK: Dropped banks

    /// False when no dropped bank is left.
    private func clearSome() async throws -> Bool {
        try await store.write(.freeing) { db in
            guard let bank = try Int64.fetchOne(db, sql: "SELECT id FROM bank WHERE uuid IS NULL LIMIT 1") else {
                return false
            }
            let documents = try Int64.fetchAll(
                db, sql: "SELECT id FROM document WHERE bank = ? LIMIT ?", arguments: [bank, Self.rowsMax])
            var rows = 0
            for document in documents where rows < Self.rowsMax {
                try db.execute(
                    sql: "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE document = ? LIMIT ?)",
                    arguments: [document, Self.rowsMax])
                rows += db.changesCount + 1
                let isEmpty = try Int.fetchOne(db, sql: "SELECT 1 FROM chunk WHERE document = ?", arguments: [document])
                if isEmpty == nil { try db.execute(sql: "DELETE FROM document WHERE id = ?", arguments: [document]) }
            }
            if documents.isEmpty { try db.execute(sql: "DELETE FROM bank WHERE id = ?", arguments: [bank]) }
            return true
        }
    }
}

extension Database {
    /// Whether the document is still there, with the text that was cut.
    fileprivate func isCurrent(_ document: Int64, _ revision: Int64) throws -> Bool {
        let statement = try cachedStatement(sql: "SELECT 1 FROM document WHERE id = ? AND revision = ?")
        return try Int.fetchOne(statement, arguments: [document, revision]) != nil
    }

    fileprivate func add(_ chunks: ArraySlice<Chunk>, to document: Int64, bank: Int64) throws {
        let statement = try cachedStatement(
            sql: """
                INSERT INTO chunk (document, position, first_byte, end_byte, tokens, scope, text)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        let scope = KeywordQuery.scope(bank)
        for (position, chunk) in zip(chunks.indices, chunks) {
            try statement.execute(arguments: [
                document, position, chunk.bytes.lowerBound, chunk.bytes.upperBound, chunk.tokens, scope, chunk.text,
            ])
        }
    }

    /// `chunks` nil: there was no text to read.
    fileprivate func finish(_ document: Int64, _ chunks: Int?) throws {
        let state = chunks == nil ? DocumentState.notIndexed : .indexed
        try cachedStatement(sql: "UPDATE document SET state = ?, chunks = ? WHERE id = ?")
            .execute(arguments: [state.rawValue, chunks ?? 0, document])
    }
}
