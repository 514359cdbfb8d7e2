import Documents
import Foundation
import Postgres
import ProviderKit

/// Cuts new documents into chunks, clears away dropped banks and old answers, and has chunks embedded, behind the
/// callers' backs, beside the indexers of other hosts.
///
/// What is to be done is in the database. Who works at a document holds its row's lock, and others skip it; a host that
/// dies lets go of it with its connection.
final class Indexer: Sendable {
    /// So many pending documents, or bytes of them, are taken at a time.
    private static let documentsMax = 32
    private static let bytesMax = 4 << 20
    /// So many chunks go into one statement, so many documents of a dropped bank into one transaction.
    private static let chunksMax = 256
    private static let droppedMax: Int64 = 256
    /// Other hosts may have died, or left something undone.
    private static let lookAgainSeconds = 2.0
    private static let retrySeconds = 5.0

    private let pool: Pool
    private let reader: DocumentReader
    private let chunker: Chunker
    /// nil: chunks get no vectors.
    private let embedding: EmbeddingStage?
    private let answers: RememberedAnswers
    private let log: Log
    private let metrics: Metrics
    private let work = BackgroundWork()

    init(
        _ pool: Pool, _ reader: DocumentReader, _ chunker: Chunker, _ embedding: EmbeddingStage?,
        _ answers: RememberedAnswers, log: Log, metrics: Metrics
    ) {
        (self.pool, self.reader, self.chunker, self.embedding, self.answers) = (pool, reader, chunker, embedding, answers)
        (self.log, self.metrics) = (log, metrics)
    }

    /// There may be something to do.
    func wake() { work.wake { await self.run() } }

    func stop() async { await work.stop() }

    private var isStopped: Bool { work.isStopped }

    private func run() async {
        var pause = Self.lookAgainSeconds
        do {
            // Embedding takes longest, and words go first: after each batch of it the others have their turn.
            var isEmbedding = true
            while isEmbedding {
                while !isStopped, try await indexSome() {}
                while !isStopped, try await clearSome() {}
                isEmbedding = isStopped ? false : try await embedding?.embedSome() ?? false
            }
        } catch {
            log.warning("indexing has to wait", ["reason": "\(error)"])
            pause = Self.retrySeconds
        }
        work.wake(in: pause) { [weak self] in await self?.run() }
    }

    // MARK: Documents

    /// False when nothing is pending that nobody works at. The reading and cutting is done on the connection's thread.
    private func indexSome() async throws -> Bool {
        let count = try await pool.write { [reader, chunker, log, metrics] session in
            let pending = try session.run(
                """
                SELECT id, bank, mime_type, octet_length(content) FROM document WHERE state = 0
                ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
                """, .int(Int64(Self.documentsMax)))
            var (count, bytes) = (0, 0)
            for document in pending.map({ $0 }) where count == 0 || bytes + Int(document.int(3)) <= Self.bytesMax {
                bytes += Int(document.int(3))
                count += 1
                let content = try session.run("SELECT content FROM document WHERE id = $1", .int(document.int(0)))
                let text = reader.text(
                    of: Data(content.first?.bytes(0) ?? []), document.text(2), row: document.int(0), log, metrics)
                let chunks = text.map(chunker.chunks)
                try session.add(chunks ?? [], to: document.int(0), bank: document.int(1), countMax: Self.chunksMax)
                try session.finish(document.int(0), chunks?.count)
            }
            return count
        }
        metrics.count("documents_indexed_total", by: Double(count))
        return count > 0
    }

    // MARK: What nobody needs

    /// False when no dropped bank is left that nobody works at.
    private func clearSome() async throws -> Bool {
        try await pool.write { [answers] session in
            try answers.prune(session)
            let dropped = try session.run("SELECT id FROM bank WHERE uuid IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED")
            guard let bank = dropped.first?.int(0) else { return false }
            let deleted = try session.run(
                "DELETE FROM document WHERE id IN (SELECT id FROM document WHERE bank = $1 LIMIT $2)", .int(bank),
                .int(Self.droppedMax))
            if deleted.changed == 0 { try session.run("DELETE FROM bank WHERE id = $1", .int(bank)) }
            return true
        }
    }
}

extension Session {
    fileprivate func add(_ chunks: [Chunk], to document: Int64, bank: Int64, countMax: Int) throws {
        for start in stride(from: 0, to: chunks.count, by: countMax) {
            let some = chunks[start..<min(start + countMax, chunks.count)]
            try run(
                """
                INSERT INTO chunk (document, bank, position, first_byte, end_byte, tokens, text, words)
                SELECT $1, $2, position, first_byte, end_byte, tokens, text,
                    to_tsvector('words', words) || array_to_tsvector(ARRAY[$9::text])
                FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[], $8::text[])
                    AS new (position, first_byte, end_byte, tokens, text, words)
                """,
                .int(document), .int(bank), .ints(some.indices.map(Int64.init)),
                .ints(some.map { Int64($0.bytes.lowerBound) }), .ints(some.map { Int64($0.bytes.upperBound) }),
                .ints(some.map { Int64($0.tokens) }), .bytesArray(some.map { Array($0.text.utf8) }),
                .texts(some.map { KeywordSearch.words(of: $0.text).joined(separator: " ") }),
                .text(KeywordSearch.scope(bank)))
        }
    }

    /// `chunks` nil: there was no text to read.
    fileprivate func finish(_ document: Int64, _ chunks: Int?) throws {
        let state = chunks == nil ? DocumentState.notIndexed : .indexed
        try run(
            "UPDATE document SET state = $2, chunks = $3 WHERE id = $1", .int(document), .int(Int64(state.rawValue)),
            .int(Int64(chunks ?? 0)))
        guard let chunks, chunks > 0 else { return }
        try run(
            """
            INSERT INTO embedding_due (model, document) SELECT id, $1 FROM embedding_model
            ON CONFLICT (model, document) DO UPDATE SET leased_until = '-infinity'
            """, .int(document))
    }
}
