import ProviderKit

/// The first stage of indexing for documents whose text is here: reads it and cuts it into chunks.
///
/// Quick documents go in batches, those that take long beside them, a few at a time. Both go by turns of banks.
final class TextStage<Store: BankStore>: Sendable {
    /// Slow documents that are read at the same time.
    private static var readersMax: Int { 2 }
    /// After a batch of fewer quick documents than these, those that come within this time are one batch: a transaction
    /// and what the index does at its end cost as much as several small documents do.
    private static var gathering: (documents: Int, time: Duration) { (32, .milliseconds(20)) }

    private let store: Store
    private let cut: @Sendable (PendingDocument) -> CutDocument
    private let metrics: Metrics
    /// Called when chunks may wait for their vectors.
    private let onIndexed: @Sendable () -> Void
    private let quick = BackgroundWork()
    private let slow: [BackgroundWork]

    init(
        _ store: Store, _ reader: DocumentReader, _ chunker: Chunker, log: Log, metrics: Metrics,
        onIndexed: @escaping @Sendable () -> Void
    ) {
        (self.store, self.metrics, self.onIndexed) = (store, metrics, onIndexed)
        cut = DocumentCutter(reader: reader, chunker: chunker, log: log, metrics: metrics).cut
        slow = (0..<Self.readersMax).map { _ in BackgroundWork() }
        quick.start("indexing", log) { [weak self] in try await self?.run(.quick) }
        for work in slow { work.start("indexing large documents", log) { [weak self] in try await self?.run(.slow) } }
    }

    func wake() {
        wake(.quick)
        wake(.slow)
    }

    func wake(_ effort: TextEffort) {
        switch effort {
        case .quick: quick.wake()
        case .slow: slow.forEach { $0.wake() }
        }
    }

    func stop() async {
        await quick.stop()
        for work in slow { await work.stop() }
    }

    /// Seconds until another look.
    private func run(_ effort: TextEffort) async throws -> Double? {
        while !quick.isStopped {
            let count = try await store.indexSome(effort, cut) { [quick] in quick.isStopped }
            if count == 0 { return Store.lookAgainSeconds }
            metrics.count("documents_indexed_total", by: Double(count))
            onIndexed()
            if effort == .quick, count < Self.gathering.documents { try await Task.sleep(for: Self.gathering.time) }
        }
        return nil
    }
}
