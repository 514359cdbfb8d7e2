import ProviderKit

/// Makes new documents searchable and clears away dropped banks, in the background.
///
/// Each kind of work has a loop of its own: a document's words do not wait for vectors, for a large document or for a
/// bank that is cleared away. What is to be done is in the database, so a crash loses none of it.
final class Indexer<Store: BankStore>: Sendable {
    private let text: TextStage<Store>
    private let clearing: ClearingStage<Store>
    /// nil: chunks get no vectors.
    private let embedding: EmbeddingStage<Store>?

    init(
        _ store: Store, _ reader: DocumentReader, _ chunker: Chunker, _ embedding: EmbeddingStage<Store>?, log: Log,
        metrics: Metrics
    ) {
        self.embedding = embedding
        text = TextStage(store, reader, chunker, log: log, metrics: metrics) { embedding?.wake() }
        clearing = ClearingStage(store, log: log)
        embedding?.start()
    }

    /// There may be something to do.
    func wake() {
        text.wake()
        clearing.wake()
        embedding?.wake()
    }

    /// There are new documents.
    func wake(for documents: [DocumentRow]) {
        for effort in [TextEffort.quick, .slow]
        where documents.contains(where: { $0.state == .pending && $0.effort == effort }) {
            text.wake(effort)
        }
    }

    func stop() async {
        await text.stop()
        await clearing.stop()
        await embedding?.stop()
    }
}
