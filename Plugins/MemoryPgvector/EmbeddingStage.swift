import Documents
import Foundation
import Postgres
import ProviderKit
import Synchronization

/// The last stage of indexing: gives chunks their vectors. A host takes a lease of a few documents while it waits for
/// the model; when it dies, the lease runs out and another takes them. While the model can't be reached, documents
/// are found by their words, and it is tried again later and later.
final class EmbeddingStage: Sendable {
    /// So many chunks are embedded and stored together.
    private static let chunksMax = 32
    private static let documentsMax = 32
    private static let leaseSeconds = 60
    private static let pauseSeconds = 1.0
    private static let pauseSecondsMax = 60.0

    let embedder: ChunkEmbedder
    private let pool: Pool
    private let configuration: MemoryPgvectorConfiguration
    private let log: Log
    private let metrics: Metrics
    private let pause = Mutex<(seconds: Double, until: ContinuousClock.Instant)>((0, .now))

    var model: String { embedder.embedder.model }

    init(
        _ embedder: any Embedder, _ pool: Pool, _ configuration: MemoryPgvectorConfiguration, log: Log, metrics: Metrics
    ) {
        (self.embedder, self.pool, self.configuration) = (ChunkEmbedder(embedder), pool, configuration)
        (self.log, self.metrics) = (log, metrics)
    }

    fileprivate struct Due: Sendable {
        var chunk: Int64
        var text: String
    }

    /// False when nothing is due that nobody works at, or it has to wait.
    func embedSome() async throws -> Bool {
        guard pause.withLock({ $0.until }) <= .now else { return false }
        let model = model
        let (documents, due) = try await pool.write {
            try $0.takeDue(model, Self.documentsMax, Self.chunksMax, seconds: Self.leaseSeconds)
        }
        guard !documents.isEmpty else { return false }
        let vectors: [[Float]]
        do {
            vectors = due.isEmpty ? [] : try await embedder.embed(due.map(\.text))
            pause.withLock { $0 = (0, .now) }
        } catch {
            try? await pool.write { try $0.giveBack(documents, of: model) }
            if error is CancellationError { throw error }
            waitLonger(because: error)
            return false
        }
        let kept = try await pool.write { [configuration] session in
            var kept = 0
            if let dimensions = vectors.first?.count {
                guard let model = try session.embeddingModel(model, dimensions: dimensions, configuration) else {
                    return kept
                }
                for (due, vector) in zip(due, vectors) { kept += try session.keep(vector, of: due.chunk, in: model) }
            }
            try session.finishEmbedding(documents, of: model)
            return kept
        }
        metrics.count("chunks_embedded_total", by: Double(kept))
        return true
    }

    private func waitLonger(because error: any Error) {
        let seconds = pause.withLock { pause in
            pause.seconds = min(Self.pauseSecondsMax, max(Self.pauseSeconds, 2 * pause.seconds))
            pause.until = .now + .seconds(pause.seconds)
            return pause.seconds
        }
        log.warning(
            "no embeddings at the moment: documents are found by their words alone",
            ["model": model, "reason": "\(error)", "retry_seconds": "\(seconds)"])
    }
}

extension Session {
    /// Documents that wait and are ours for so long, and of their chunks the first that have no vector.
    fileprivate func takeDue(
        _ name: String, _ documentsMax: Int, _ chunksMax: Int, seconds: Int
    ) throws -> ([Int64], [EmbeddingStage.Due]) {
        guard let model = try embeddingModel(name) else { return ([], []) }
        let documents = try run(
            """
            UPDATE embedding_due SET leased_until = now() + make_interval(secs => $3)
            WHERE model = $1 AND document IN (
                SELECT document FROM embedding_due WHERE model = $1 AND leased_until < now()
                ORDER BY document LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING document
            """, .int(model.id), .int(Int64(documentsMax)), .double(Double(seconds))
        ).map { $0.int(0) }
        guard !documents.isEmpty else { return ([], []) }
        let isNew = model.dimensions == nil
        let due = try run(
            composed: """
                SELECT chunk.id, chunk.text FROM chunk WHERE document = ANY($1)
                \(isNew ? "" : "AND NOT EXISTS (SELECT 1 FROM \(model.table) AS known WHERE known.chunk = chunk.id)")
                ORDER BY document, position LIMIT $2
                """, [.ints(documents), .int(Int64(chunksMax))])
        return (
            documents,
            due.map { EmbeddingStage.Due(chunk: $0.int(0), text: String(decoding: $0.bytes(1), as: UTF8.self)) }
        )
    }

    fileprivate func giveBack(_ documents: [Int64], of name: String) throws {
        try run(
            """
            UPDATE embedding_due SET leased_until = '-infinity' FROM embedding_model
            WHERE embedding_model.id = model AND name = $1 AND document = ANY($2)
            """, .text(name), .ints(documents))
    }

    /// 0 when the chunk is gone.
    fileprivate func keep(_ vector: [Float], of chunk: Int64, in model: EmbeddingModel) throws -> Int {
        try run(
            composed: """
                INSERT INTO \(model.table) (chunk, document, bank, embedding)
                SELECT id, document, bank, $2::vector FROM chunk WHERE id = $1 FOR KEY SHARE ON CONFLICT DO NOTHING
                """, [.int(chunk), .vector(vector)]
        ).changed
    }

    /// Takes those documents off the list whose chunks all have vectors; the others may be taken again at once.
    fileprivate func finishEmbedding(_ documents: [Int64], of name: String) throws {
        guard let model = try embeddingModel(name) else { return }
        if model.dimensions != nil {
            try run(
                composed: """
                    DELETE FROM embedding_due WHERE model = $1 AND document = ANY($2) AND NOT EXISTS (
                        SELECT 1 FROM chunk LEFT JOIN \(model.table) AS known ON known.chunk = chunk.id
                        WHERE chunk.document = embedding_due.document AND known.chunk IS NULL)
                    """, [.int(model.id), .ints(documents)])
        }
        try giveBack(documents, of: name)
    }
}
