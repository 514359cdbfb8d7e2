import ProviderKit

/// Cuts new documents into chunks, clears away dropped banks, and has chunks embedded, in the background.
///
/// What is to be done is in the database, so a crash loses none of it.
final class Indexer<Store: BankStore>: Sendable {
    private let store: Store
    private let cut: @Sendable (PendingDocument) -> [Chunk]?
    /// nil: chunks get no vectors.
    private let embedding: EmbeddingStage<Store>?
    private let log: Log
    private let metrics: Metrics
    private let work = BackgroundWork()

    init(
        _ store: Store, _ reader: DocumentReader, _ chunker: Chunker, _ embedding: EmbeddingStage<Store>?, log: Log,
        metrics: Metrics
    ) {
        (self.store, self.embedding, self.log, self.metrics) = (store, embedding, log, metrics)
        cut = { document in
            reader.text(of: document.content, document.mimeType, row: document.id, log, metrics).map(chunker.chunks)
        }
    }

    /// There may be something to do.
    func wake() { work.wake { await self.run() } }

    func stop() async { await work.stop() }

    private func run() async {
        var pause = Store.lookAgainSeconds
        do {
            // Embedding takes longest, and words go first: after each batch of it the others have their turn.
            var isEmbedding = true
            while isEmbedding {
                while !work.isStopped, try await indexSome() {}
                while !work.isStopped, try await store.write(.freeing, { try $0.clearSome() }) {}
                isEmbedding = work.isStopped ? false : try await embedding?.embedSome() ?? false
            }
            if let left = embedding?.pauseLeft, left > 0 { pause = min(left, pause ?? left) }
        } catch {
            // Still in the database: the next call that changes something, or the timer, tries again.
            log.warning("indexing has to wait", ["reason": "\(error)"])
            pause = backgroundRetrySeconds
        }
        if let pause { work.wake(in: pause) { [weak self] in await self?.run() } }
    }

    private func indexSome() async throws -> Bool {
        let count = try await store.indexSome(cut) { [work] in work.isStopped }
        metrics.count("documents_indexed_total", by: Double(count))
        return count > 0
    }
}

/// After the database has refused background work.
let backgroundRetrySeconds = 5.0
