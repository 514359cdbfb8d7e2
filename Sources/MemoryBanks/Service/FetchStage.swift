import Foundation
import ProviderKit
import Synchronization

/// The first stage of indexing for documents that are a URL: fetches their text, and leaves it for the ``Indexer``.
///
/// Which documents wait is in the database, as their state, so a crash loses none of them. What can't be fetched is
/// tried again a few times, later and later; then the document counts as one without text.
final class FetchStage<Store: BankStore>: Sendable {
    private let fetcher: any DocumentFetcher
    private let reader: DocumentReader
    private let store: Store
    private let log: Log
    private let metrics: Metrics
    /// Called when there is text to be cut.
    private let onFetched: @Sendable () -> Void
    private let work = BackgroundWork()
    /// The failed attempts by document id.
    private let tries = Mutex<[Int64: (count: Int, next: ContinuousClock.Instant)]>([:])

    init(
        _ fetcher: any DocumentFetcher, _ reader: DocumentReader, _ store: Store, log: Log, metrics: Metrics,
        onFetched: @escaping @Sendable () -> Void
    ) {
        (self.fetcher, self.reader, self.store, self.log, self.metrics) = (fetcher, reader, store, log, metrics)
        self.onFetched = onFetched
        work.start("fetching documents", log) { [weak self] in try await self?.run() }
    }

    func wake() { work.wake() }

    func stop() async { await work.stop(cancelling: true) }

    /// Seconds until another look.
    private func run() async throws -> Double? {
        while !work.isStopped {
            let (due, pause) = try await due()
            if due.isEmpty { return [pause, Store.lookAgainSeconds].compactMap { $0 }.min() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for document in due { group.addTask { try await self.fetch(document) } }
                try await group.waitForAll()
            }
        }
        return nil
    }

    /// Some that may be tried now, four at once; when there are none, seconds until one may be.
    private func due() async throws -> (due: [RemoteDocument], pauseSeconds: Double?) {
        let waiting = try await store.read { try $0.remoteDocuments(countMax: 1_000) }
        return tries.withLock { tries in
            let now = ContinuousClock.now
            let due = waiting.filter { tries[$0.id].map { $0.next <= now } ?? true }.prefix(4)
            let next = waiting.compactMap { tries[$0.id]?.next }.min()
            return (Array(due), next.map { max(0.01, ($0 - now) / .seconds(1)) })
        }
    }

    private func fetch(_ document: RemoteDocument) async throws {
        // Longer than a fetch, for a store that hosts share.
        let seconds = fetcher.secondsMax + 30
        let content = try await store.write(.adding) { try $0.takeRemote(document, seconds: seconds) }
        guard let content else { return }
        guard let url = URLDocument.url(in: content) else {
            return try await giveUp(document, UnreadDocument(.fetchFailed, "it is not one URL"))
        }
        let text: FetchedText
        do { text = try await fetcher.bytes(of: url) } catch let error as ProviderError {
            return try await failed(document, error)
        }
        if text.mimeType.utf8.contains(0) {
            return try await giveUp(document, UnreadDocument(.unsupportedType, "its media type has a U+0000 in it"))
        }
        let kind = DocumentKind(text.mimeType, text.content)
        if let refusal = reader.refusal(kind) { return try await giveUp(document, refusal) }
        let effort = kind.effort(bytes: text.content.count)
        try await store.write(.adding) { try $0.finishRemote(document, .success(text), effort) }
        tries.withLock { $0[document.id] = nil }
        metrics.count("documents_fetched_total")
        onFetched()
    }

    private func failed(_ document: RemoteDocument, _ error: ProviderError) async throws {
        let (count, pause) = tries.withLock { tries in
            let count = (tries[document.id]?.count ?? 0) + 1
            // 1 s, 4 s, 16 s.
            let pause = Double(1 << (2 * min(count - 1, 8)))
            tries[document.id] = (count, .now + .seconds(pause))
            return (count, pause)
        }
        if error.code == .urlNotAllowed || count >= 4 {
            return try await giveUp(document, UnreadDocument(.fetchFailed, error.message))
        }
        try await store.write(.adding) { try $0.retryRemote(document, afterSeconds: pause) }
    }

    private func giveUp(_ document: RemoteDocument, _ why: UnreadDocument) async throws {
        log.warning("a document that is a URL stays without text", ["reason": why.reason])
        try await store.write(.adding) { try $0.finishRemote(document, .failure(why), .quick) }
        tries.withLock { $0[document.id] = nil }
    }
}
