import Dispatch
import Documents
import Foundation
import GRDB
import ProviderKit
import Storage
import Synchronization
import VectorIndex

/// The last stage of indexing: gives chunks their vectors. The documents that wait for it are rows of `embedding_due`,
/// so a crash loses none of the work but the batch under way. While the model can't be reached, documents are found by
/// their words, and it is tried again later and later.
final class EmbeddingStage: Sendable {
    /// So many chunks are embedded and stored together.
    private static let chunksMax = 32
    private static let documentsMax = 32
    private static let pauseSeconds = 1.0
    private static let pauseSecondsMax = 60.0

    let embedder: ChunkEmbedder
    let vectors: BankVectors
    private let store: Store
    private let log: Log
    private let metrics: Metrics
    private let pause = Mutex<(seconds: Double, until: ContinuousClock.Instant)>((0, .now))

    init(_ embedder: any Embedder, _ vectors: BankVectors, _ store: Store, log: Log, metrics: Metrics) {
        (self.embedder, self.vectors, self.store) = (ChunkEmbedder(embedder), vectors, store)
        (self.log, self.metrics) = (log, metrics)
    }

    /// Makes the database ready for the model, and reads the vectors that it has. When they are of another model they
    /// are forgotten, and all is due again.
    func open() async throws {
        let model = embedder.embedder.model
        let previous = try await store.write { db in
            let previous = try String.fetchOne(db, sql: "SELECT model FROM embedding_model")
            guard previous != model else { return previous }
            try db.execute(
                sql: """
                    DELETE FROM code; DELETE FROM vector; DELETE FROM embedding_model;
                    INSERT OR IGNORE INTO embedding_due SELECT id FROM document WHERE state = 1 AND chunks > 0
                    """)
            try db.execute(sql: "INSERT INTO embedding_model (model) VALUES (?)", arguments: [model])
            return previous
        }
        if let previous, previous != model {
            log.info("the embedding model has changed: all documents get new vectors", ["from": previous, "to": model])
        }
        try await vectors.load(store)
    }

    /// Seconds until it is worth another try; 0: now.
    var pauseLeft: Double {
        pause.withLock { max(0, (($0.until - .now) / .seconds(1))) }
    }

    fileprivate struct Due: Sendable {
        var chunk: Int64
        var bank: Int64
        var text: String
    }

    /// False when nothing is due, or it has to wait: see ``pauseLeft``.
    func embedSome() async throws -> Bool {
        guard pauseLeft == 0 else { return false }
        let (documents, due) = try await store.read { try $0.embeddingDue(Self.documentsMax, Self.chunksMax) }
        guard !documents.isEmpty else { return false }
        let embedded: [[Float]]
        do {
            embedded = due.isEmpty ? [] : try await embedder.embed(due.map(\.text))
            pause.withLock { $0 = (0, .now) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let seconds = pause.withLock { pause in
                pause.seconds = min(Self.pauseSecondsMax, max(Self.pauseSeconds, 2 * pause.seconds))
                pause.until = .now + .seconds(pause.seconds)
                return pause.seconds
            }
            log.warning(
                "no embeddings at the moment: documents are found by their words alone",
                ["model": embedder.embedder.model, "reason": "\(error)", "retry_seconds": "\(seconds)"])
            return false
        }
        let coded = zip(due, embedded).compactMap { due, vector in
            VectorCode(vector).map { (due: due, vector: vector, code: $0) }
        }
        let kept = try await store.write { db in
            let kept = try coded.filter { try db.keep($0.vector, $0.code, of: $0.due.chunk, in: $0.due.bank) }
            try db.finishEmbedding(documents)
            return Set(kept.map(\.due.chunk))
        }
        for (bank, some) in Dictionary(grouping: coded.filter { kept.contains($0.due.chunk) }, by: \.due.bank) {
            await vectors.add(some.map { ($0.due.chunk, $0.code) }, to: bank)
        }
        metrics.count("chunks_embedded_total", by: Double(kept.count))
        return true
    }
}

extension Database {
    /// Documents that wait, and of their chunks the first that have no vector.
    fileprivate func embeddingDue(_ documentsMax: Int, _ chunksMax: Int) throws -> ([Int64], [EmbeddingStage.Due]) {
        var documents: [Int64] = []
        var due: [EmbeddingStage.Due] = []
        let statement = try cachedStatement(
            sql: """
                SELECT chunk.id, document.bank, chunk.text FROM chunk JOIN document ON document.id = chunk.document
                LEFT JOIN code ON code.chunk = chunk.id
                WHERE chunk.document = ? AND code.chunk IS NULL ORDER BY chunk.position LIMIT ?
                """)
        let waiting = try Int64.fetchAll(
            cachedStatement(sql: "SELECT document FROM embedding_due ORDER BY document LIMIT ?"),
            arguments: [documentsMax])
        for document in waiting where due.count < chunksMax {
            documents.append(document)
            due += try Row.fetchAll(statement, arguments: [document, chunksMax - due.count])
                .map { EmbeddingStage.Due(chunk: $0[0], bank: $0[1], text: $0[2]) }
        }
        return (documents, due)
    }

    /// False when the chunk is gone.
    fileprivate func keep(_ vector: [Float], _ code: VectorCode, of chunk: Int64, in bank: Int64) throws -> Bool {
        let exists = try cachedStatement(sql: "SELECT 1 FROM chunk WHERE id = ?")
        guard try Int.fetchOne(exists, arguments: [chunk]) != nil else { return false }
        try cachedStatement(sql: "INSERT OR REPLACE INTO code (chunk, bank, code) VALUES (?, ?, ?)")
            .execute(arguments: [chunk, bank, code.stored])
        try cachedStatement(sql: "INSERT OR REPLACE INTO vector (chunk, vector) VALUES (?, ?)")
            .execute(arguments: [chunk, vector.withUnsafeBytes { Data($0) }])
        return true
    }

    /// Takes those documents off the list whose chunks all have vectors.
    fileprivate func finishEmbedding(_ documents: [Int64]) throws {
        let statement = try cachedStatement(
            sql: """
                DELETE FROM embedding_due WHERE document = ? AND NOT EXISTS (
                    SELECT 1 FROM chunk LEFT JOIN code ON code.chunk = chunk.id
                    WHERE chunk.document = embedding_due.document AND code.chunk IS NULL)
                """)
        for document in documents { try statement.execute(arguments: [document]) }
    }
}
