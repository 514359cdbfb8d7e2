import DatasetRows
import Dispatch
import Foundation
import GRDB
import ProviderKit
import Storage

/// Registers datasets: their rows are read once and checked against the columns. Files stay where they are; what comes
/// over the network is kept as a copy.
final class DatasetsFileProvider: DatasetsProvider {
    static let providerType = "inline::file"
    static let version = "1.1.0"
    static let summary =
        "Registers datasets in files, in data: URLs or, where allowed, on the network, and checks their rows."

    /// For content that is on other servers.
    static let needsNetwork = true
    static let resources: [ResourceKind]? = []
    static let options = Dictionary(
        uniqueKeysWithValues: ["create", "delete"].map { ($0, Set([IdempotencyKey.option])) })

    private let configuration: DatasetsFileConfiguration
    private let opener: ContentOpener
    private let copies: KeptCopies
    /// As the start found them.
    private let damagedCopies: Set<String>
    private let store: Store
    /// Reading blocks: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "datasets-file", attributes: .concurrent)

    init(configuration: DatasetsFileConfiguration, context: ProviderContext) async throws {
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps its register on disk: the distribution must name a 'state' folder")
        }
        self.configuration = configuration
        opener = ContentOpener(roots: configuration.fileRoots.map(context.path))
        let copies = try await DispatchQueue.global().run { try KeptCopies(in: folder, log: context.log) }
        self.copies = copies
        store = try await Store.open(.datasets, in: folder, log: context.log)
        let known = try await store.read { try $0.keptCopies() }
        damagedCopies = try await DispatchQueue.global().run { copies.reconcile(with: known) }
    }

    func shutdown() async {
        await store.close()
    }

    /// Answers when every row was checked and the entry is on disk.
    func create(_ request: CreateDatasetRequest, _ call: Call) async throws {
        let dataset = request.dataset
        guard (1...configuration.columnsMax).contains(dataset.columns.count) else {
            throw ProviderError(
                .invalidRequest,
                "dataset.columns must be 1 to \(configuration.columnsMax) columns, got \(dataset.columns.count)",
                field: "dataset.columns")
        }
        // Before the rows are read, and again with the entry: another call may be faster.
        let isTaken = try await store.read { try $0.hasDataset(request.uuid) }
        if isTaken || call.idempotent != nil {
            do {
                _ = try await change(call) { _ in
                    throw isTaken ? Database.datasetExists(request.uuid) as any Error : NotMadeYet()
                }
                return
            } catch is NotMadeYet {}
        }
        let copy = try await keptCopy(of: dataset.contentURL, call.network)
        do {
            let rows = try await rows(of: dataset, copy)
            let datasetsMax = configuration.datasetsMax
            let isMade = try await change(call) { db in
                try db.addDataset(request, rows: rows, copy: copy?.copy, datasetsMax: datasetsMax)
            }
            if !isMade, let copy { copies.remove(copy.copy.name) }
            call.log.info("dataset registered", ["rows": "\(rows)"])
        } catch {
            // After a fault of the disk the entry may be there or not: the next start knows.
            let isSure = (error as? ProviderError)?.code != .providerUnavailable
            if isSure, let copy { copies.remove(copy.copy.name) }
            throw error
        }
    }

    func get(_ dataset: DatasetQuery, _ call: Call) async throws -> Dataset {
        try await store.read { [damagedCopies] in
            try $0.dataset(dataset.datasetID, damagedCopies: damagedCopies)
        }
    }

    func delete(_ dataset: DatasetQuery, _ call: Call) async throws {
        let copy = try await store.write(.freeing) { [answers = RememberedAnswers(configuration.idempotency)] db in
            var copy: String?
            _ = try answers.once(call.idempotent, db) {
                copy = try db.deleteDataset(dataset.datasetID)
                return Nothing()
            }
            return copy
        }
        if let copy { copies.remove(copy) }
    }

    /// Makes a change, and remembers that it was made. False when the call was sent, and the change made, before.
    private func change(_ call: Call, _ body: @escaping @Sendable (Database) throws -> Void) async throws -> Bool {
        try await store.write { [answers = RememberedAnswers(configuration.idempotency)] db in
            var isMade = false
            _ = try answers.once(call.idempotent, db) {
                try body(db)
                isMade = true
                return Nothing()
            }
            return isMade
        }
    }

    /// nil for content that is read where it is.
    private func keptCopy(
        of url: WireURL, _ network: NetworkClient
    ) async throws -> (copy: KeptCopy, content: NetworkResponse)? {
        guard url.string.hasPrefix("http") else { return nil }
        do { return try await copies.fetch(url.string, through: network) } catch let error as ProviderError
            where [.urlNotAllowed, .upstreamError].contains(error.code)
        {
            throw Self.refusal(error.message, error.code)
        }
    }

    /// Reads and checks all of them; how many there are.
    private func rows(
        of dataset: Dataset, _ copy: (copy: KeptCopy, content: NetworkResponse)?
    ) async throws -> Int {
        let check = RowCheck(dataset.columns, configuration.rowLimits)
        let cancelled = Flag()
        return try await withTaskCancellationHandler {
            try await queue.run { [opener, copies] in
                do {
                    let content =
                        try copy.map {
                            try DatasetContent(
                                file: copies.open($0.copy), from: $0.content.url, mediaType: $0.content.mediaType)
                        } ?? opener.open(dataset.contentURL)
                    return try check.count(content) { cancelled.isSet }
                } catch let error as DatasetError {
                    throw Self.refusal(error.description)
                }
            }
        } onCancel: {
            cancelled.set()
        }
    }

    private static func refusal(_ reason: String, _ code: ErrorCode = .invalidRequest) -> ProviderError {
        let field = "dataset.content_url"
        return ProviderError(code, "\(field) \(reason)", field: field)
    }
}

/// The call was not answered before, under its key.
private struct NotMadeYet: Error {}
