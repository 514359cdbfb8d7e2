import Dispatch
import GRDB
import MemoryBanks
import ProviderKit
import Storage
import Synchronization
import VectorIndex

/// Banks in one SQLite database, with their vectors in memory too.
package final class FileBanks: BankStore {
    package static let providerType = "inline::file"
    package static let version = "1.0.0"
    package static let summary =
        "Keeps banks of documents in one SQLite file, and finds their text by words and by meaning."

    package let store: Store
    /// nil: chunks get no vectors.
    private let vectors: BankVectors?
    private let answers: RememberedAnswers
    /// Cutting computes: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "memory-indexer", qos: .utility, attributes: .concurrent)
    /// The bank whose quick documents were taken last.
    private let lastQuick = Mutex<Int64>(0)
    /// Held while the next is chosen, so that two readers do not choose the same.
    private let slow = Mutex(SlowTurns())

    private init(_ store: Store, _ vectors: BankVectors?, _ answers: RememberedAnswers) {
        (self.store, self.vectors, self.answers) = (store, vectors, answers)
    }

    package static func open(
        _ configuration: MemoryFileConfiguration, _ context: ProviderContext, model: String?
    ) async throws -> FileBanks { try await open(configuration, context, model: model, .init()) }

    package static func open(
        _ configuration: MemoryFileConfiguration, _ context: ProviderContext, model: String?,
        _ options: VectorIndex.Options
    ) async throws -> FileBanks {
        if let refusal = VectorMath.instructionSetRefusal { throw ProviderError(.invalidConfig, refusal) }
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps documents on disk: the distribution must name a 'state' folder")
        }
        let store = try await Store.open(
            .memoryBanks, in: folder, limits: configuration.storageLimits, log: context.log)
        let vectors = model.map { _ in BankVectors(options) }
        let banks = FileBanks(store, vectors, RememberedAnswers(configuration.banks.idempotency))
        try await banks.write(.adding) { try $0.useWords() }
        if let model, let vectors {
            let previous = try await banks.write(.adding) { try $0.useEmbeddingModel(model) }
            if let previous, previous != model {
                context.log.info(
                    "the embedding model has changed: all documents get new vectors", ["from": previous, "to": model])
            }
            try await vectors.load(store)
        }
        return banks
    }

    package func close() async { await store.close() }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (FileTransaction) throws -> Value
    ) async throws -> Value {
        try await store.read { [vectors, answers] in try body(FileTransaction($0, vectors, answers)) }
    }

    package func write<Value: Sendable>(
        _ purpose: ChangePurpose, _ body: @escaping @Sendable (FileTransaction) throws -> Value
    ) async throws -> Value {
        let arrival = BankVectors.Arrival()
        defer { vectors?.end(arrival) }
        let (value, changes) = try await store.write(purpose == .adding ? .adding : .freeing) {
            [vectors, answers] db in
            let transaction = FileTransaction(db, vectors, answers)
            let value = try body(transaction)
            vectors?.announce(transaction.changes, of: arrival)
            return (value, transaction.changes)
        }
        await vectors?.apply(changes)
        return value
    }

    // MARK: Indexing

    /// The number of chunks in one transaction: callers that write at the same time wait for one of them at most.
    private static let chunksMax = 64
    /// The same of a large document, of which two may be in one.
    private static let slowChunksMax = 16
    /// One batch of quick documents: a new one waits for one batch at most.
    private static let batch = (documents: 64, bytes: 512 << 10)

    /// The bank whose slow document was taken last, and the documents that are read now.
    private struct SlowTurns {
        var lastBank: Int64 = 0
        var reading: Set<Int64> = []
    }

    package func indexSome(
        _ effort: TextEffort, _ cut: @escaping @Sendable (PendingDocument) -> CutDocument,
        isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        if effort == .slow { return try await indexSlow(cut, isStopped) }
        let after = lastQuick.withLock { $0 }
        let pending = try await read {
            try $0.pendingQuick(after: after, documentsMax: Self.batch.documents, bytesMax: Self.batch.bytes)
        }
        guard let last = pending.last?.place.bank else { return 0 }
        lastQuick.withLock { $0 = last }
        var (batch, count): ([PartOfDocument], Int) = ([], 0)
        for document in pending where !isStopped() {
            let made = await cutting(document.document, cut)
            for part in PartOfDocument.parts(document.place, made, countMax: Self.chunksMax) where !isStopped() {
                batch.append(part)
                count += part.chunks.count
                if count >= Self.chunksMax {
                    try await keep(batch)
                    (batch, count) = ([], 0)
                }
            }
        }
        if !batch.isEmpty { try await keep(batch) }
        return pending.count
    }

    private func indexSlow(
        _ cut: @escaping @Sendable (PendingDocument) -> CutDocument, _ isStopped: @escaping @Sendable () -> Bool
    ) async throws -> Int {
        guard let place = try await takeSlow() else { return 0 }
        defer { slow.withLock { _ = $0.reading.remove(place.id) } }
        // The text is in memory as long as one of its chunks is: not while the document is marked, which takes twice
        // its size.
        var parts = try await partsOfSlow(place, cut)
        while !parts.isEmpty, !isStopped() { try await keep([parts.removeFirst()]) }
        return 1
    }

    private func takeSlow() async throws -> FileTransaction.PendingPlace? {
        try await read { [self] transaction in
            try slow.withLock { turns in
                let next = try transaction.pendingSlow(after: turns.lastBank, except: turns.reading)
                guard let next else { return nil }
                turns.lastBank = next.bank
                turns.reading.insert(next.id)
                return next
            }
        }
    }

    /// The document's content is in memory no longer than this. None when it has changed meanwhile.
    private func partsOfSlow(
        _ place: FileTransaction.PendingPlace, _ cut: @escaping @Sendable (PendingDocument) -> CutDocument
    ) async throws -> [PartOfDocument] {
        guard let document = try await read({ try $0.pending(place) }) else { return [] }
        let made = await cutting(document, cut)
        return PartOfDocument.parts(place, made, countMax: Self.slowChunksMax, isMarkedApart: true)
    }

    private func cutting(
        _ document: PendingDocument, _ cut: @escaping @Sendable (PendingDocument) -> CutDocument
    ) async -> CutDocument {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: cut(document)) }
        }
    }

    private func keep(_ batch: [PartOfDocument]) async throws {
        try await write(.adding) { transaction in for part in batch { try transaction.keep(part) } }
    }
}
