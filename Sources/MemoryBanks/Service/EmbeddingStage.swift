import ProviderKit
import Synchronization

/// The last stage of indexing: gives chunks their vectors. The documents that wait for it are rows, so a crash loses
/// none of the work but the batch under way. While the model can't be reached, documents are found by their words, and
/// it is tried again later and later.
final class EmbeddingStage<Store: BankStore>: Sendable {
    let embedder: ChunkEmbedder
    private let store: Store
    private let log: Log
    private let metrics: Metrics
    private let work = BackgroundWork()
    /// The bank whose turn was last.
    private let lastBank = Mutex<Int64>(0)
    private let pause = Mutex<(seconds: Double, until: ContinuousClock.Instant)>((0, .now))

    init(_ embedder: any Embedder, _ store: Store, log: Log, metrics: Metrics) {
        (self.embedder, self.store, self.log, self.metrics) = (ChunkEmbedder(embedder), store, log, metrics)
    }

    func start() { work.start("embedding", log) { [weak self] in try await self?.run() } }

    func wake() { work.wake() }

    func stop() async { await work.stop() }

    /// Seconds until another look.
    private func run() async throws -> Double? {
        while !work.isStopped, try await embedSome() {}
        let left = pauseLeft
        return [left > 0 ? left : nil, Store.lookAgainSeconds].compactMap { $0 }.min()
    }

    /// Seconds until it is worth another try; 0: now.
    private var pauseLeft: Double { pause.withLock { max(0, ($0.until - .now) / .seconds(1)) } }

    /// False when nothing is due that no other host works at, or it has to wait: see ``pauseLeft``.
    private func embedSome() async throws -> Bool {
        guard pauseLeft == 0 else { return false }
        let after = lastBank.withLock { $0 }
        // Embedded and stored together.
        let due = try await store.write(.adding) { try $0.takeDue(afterBank: after, .oneBatch) }
        guard !due.documents.isEmpty else { return false }
        lastBank.withLock { $0 = due.lastBank }
        let vectors: [[Float]]
        do {
            vectors = due.chunks.isEmpty ? [] : try await embedder.embed(due.chunks.map(\.text))
            pause.withLock { $0 = (0, .now) }
        } catch {
            try? await store.write(.adding) { try $0.giveBack(due) }
            if error is CancellationError { throw error }
            waitLonger(because: error)
            return false
        }
        let kept = try await store.write(.adding) { try $0.keep(vectors, of: due) }
        metrics.count("chunks_embedded_total", by: Double(kept))
        return true
    }

    /// 1 s, 2 s, 4 s, … and at most a minute.
    private func waitLonger(because error: any Error) {
        let seconds = pause.withLock { pause in
            pause.seconds = min(60, max(1, 2 * pause.seconds))
            pause.until = .now + .seconds(pause.seconds)
            return pause.seconds
        }
        log.warning(
            "no embeddings at the moment: documents are found by their words alone",
            ["model": embedder.embedder.model, "reason": "\(error)", "retry_seconds": "\(seconds)"])
    }
}
