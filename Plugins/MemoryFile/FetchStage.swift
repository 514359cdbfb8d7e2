import Documents
import Foundation
import GRDB
import ProviderKit
import Storage
import Synchronization

/// The first stage of indexing for documents that are a URL: fetches their text, and leaves it for the ``Indexer``.
///
/// Which documents wait is in the database, as their state, so a crash loses none of them. What can't be fetched is
/// tried again a few times, later and later; then the document counts as one without text.
final class FetchStage: Sendable {
    private static let atOnceMax = 4
    private static let waitingMax = 1_000
    private static let triesMax = 4
    private static let pauseSeconds = 1.0
    private static let retrySeconds = 5.0

    /// What the text of one document may take, unless the distribution says otherwise.
    private static let bytesMax = 10 << 20
    private static let secondsMax = 10.0

    let network: NetworkClient
    private let reader: DocumentReader
    private let store: Store
    private let log: Log
    private let metrics: Metrics
    /// Called when there is text to be cut.
    private let onFetched: @Sendable () -> Void
    private let work = BackgroundWork()
    /// Of documents that failed, by id.
    private let tries = Mutex<[Int64: (count: Int, next: ContinuousClock.Instant)]>([:])

    init(
        _ network: NetworkClient, _ reader: DocumentReader, _ store: Store, log: Log, metrics: Metrics,
        onFetched: @escaping @Sendable () -> Void
    ) {
        (self.network, self.reader, self.store) = (network, reader, store)
        (self.log, self.metrics) = (log, metrics)
        self.onFetched = onFetched
    }

    func wake() { work.wake { await self.run() } }

    func stop() async { await work.stop(cancelling: true) }

    private func run() async {
        do {
            while !work.isStopped {
                let (due, pause) = try await due()
                if due.isEmpty {
                    if let pause { work.wake(in: pause) { [weak self] in await self?.run() } }
                    return
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for document in due { group.addTask { try await self.fetch(document) } }
                    try await group.waitForAll()
                }
            }
        } catch {
            guard !work.isStopped else { return }
            log.warning("fetching documents has to wait", ["reason": "\(error)"])
            work.wake(in: Self.retrySeconds) { [weak self] in await self?.run() }
        }
    }

    private struct Remote: Sendable {
        var id: Int64
        var revision: Int64
    }

    /// Some that may be tried now; when there are none, seconds until one may be.
    private func due() async throws -> (due: [Remote], pauseSeconds: Double?) {
        let waiting = try await store.read { db in
            try Row.fetchAll(
                db, sql: "SELECT id, revision FROM document WHERE state = 3 ORDER BY id LIMIT ?",
                arguments: [Self.waitingMax]
            ).map { Remote(id: $0[0], revision: $0[1]) }
        }
        return tries.withLock { tries in
            let now = ContinuousClock.now
            let due = waiting.filter { tries[$0.id].map { $0.next <= now } ?? true }.prefix(Self.atOnceMax)
            let next = waiting.compactMap { tries[$0.id]?.next }.min()
            return (Array(due), next.map { max(0.01, ($0 - now) / .seconds(1)) })
        }
    }

    private func fetch(_ document: Remote) async throws {
        let content = try await store.read { db in
            try Data.fetchOne(
                db, sql: "SELECT content FROM document WHERE id = ? AND revision = ?",
                arguments: [document.id, document.revision])
        }
        guard let content else { return }
        guard let url = URLDocument.url(in: content) else { return try await giveUp(document, "it is not one URL") }
        let answer: NetworkResponse
        var text = Data()
        do {
            answer = try await network.content(of: url, bytesMax: Self.bytesMax, secondsMax: Self.secondsMax)
            for try await piece in answer.body { text.append(contentsOf: piece) }
        } catch let error as ProviderError {
            return try await failed(document, error)
        }
        guard reader.canRead(answer.contentType) else {
            return try await giveUp(document, "what it names is no text that can be read")
        }
        try await store.write { [text, type = answer.contentType] db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO fetched (document, mime_type, content)
                    SELECT id, ?, ? FROM document WHERE id = ? AND revision = ? AND state = 3
                    """,
                arguments: [type, text, document.id, document.revision])
            try db.setState(.pending, of: document.id, document.revision)
        }
        tries.withLock { $0[document.id] = nil }
        metrics.count("documents_fetched_total")
        onFetched()
    }

    private func failed(_ document: Remote, _ error: ProviderError) async throws {
        let count = tries.withLock { tries in
            let count = (tries[document.id]?.count ?? 0) + 1
            // 1 s, 4 s, 16 s.
            let pause = Self.pauseSeconds * Double(1 << (2 * min(count - 1, 8)))
            tries[document.id] = (count, .now + .seconds(pause))
            return count
        }
        guard error.code == .urlNotAllowed || count >= Self.triesMax else { return }
        try await giveUp(document, error.message)
    }

    private func giveUp(_ document: Remote, _ reason: String) async throws {
        log.warning("a document that is a URL stays without text", ["reason": reason])
        try await store.write { try $0.setState(.notIndexed, of: document.id, document.revision) }
        tries.withLock { $0[document.id] = nil }
    }
}

extension Database {
    /// Nothing happens when the document has changed meanwhile.
    fileprivate func setState(_ state: DocumentState, of document: Int64, _ revision: Int64) throws {
        try execute(
            sql: "UPDATE document SET state = ? WHERE id = ? AND revision = ? AND state = 3",
            arguments: [state.rawValue, document, revision])
    }
}
