import ProviderKit

/// Cuts new documents into chunks, clears away dropped banks, and has chunks embedded, in the background.
///
/// What is to be done is in the database, so a crash loses none of it.
final class Indexer<Store: BankStore>: Sendable {
    private let store: Store
    private let cut: @Sendable (PendingDocument) -> CutDocument
    /// nil: chunks get no vectors.
    private let embedding: EmbeddingStage<Store>?
    private let metrics: Metrics
    private let work = BackgroundWork()

    init(
        _ store: Store, _ reader: DocumentReader, _ chunker: Chunker, _ embedding: EmbeddingStage<Store>?, log: Log,
        metrics: Metrics
    ) {
        (self.store, self.embedding, self.metrics) = (store, embedding, metrics)
        let cutter = DocumentCutter(reader: reader, chunker: chunker, log: log, metrics: metrics)
        cut = cutter.cut
        work.start("indexing", log) { [weak self] in try await self?.run() }
    }

    /// There may be something to do.
    func wake() { work.wake() }

    func stop() async { await work.stop() }

    /// Seconds until another look.
    private func run() async throws -> Double? {
        // Embedding takes longest, and words go first: after each batch of it the others have their turn.
        var isEmbedding = true
        while isEmbedding {
            while !work.isStopped, try await indexSome() {}
            while !work.isStopped, try await store.write(.freeing, { try $0.clearSome() }) {}
            isEmbedding = work.isStopped ? false : try await embedding?.embedSome() ?? false
        }
        let left = embedding.map(\.pauseLeft) ?? 0
        return [left > 0 ? left : nil, Store.lookAgainSeconds].compactMap { $0 }.min()
    }

    private func indexSome() async throws -> Bool {
        let count = try await store.indexSome(cut) { [work] in work.isStopped }
        metrics.count("documents_indexed_total", by: Double(count))
        return count > 0
    }
}
