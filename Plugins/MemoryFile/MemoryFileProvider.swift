import Documents
import Foundation
import GRDB
import ProviderKit
import Storage

/// Banks of documents in one SQLite database: what is acknowledged is on disk, and text is searchable soon after.
final class MemoryFileProvider: MemoryBanksProvider {
    static let providerType = "inline::file"
    static let version = "1.0.0"
    static let summary = "Keeps banks of documents in one SQLite file, and finds their text by keyword."

    let configuration: MemoryFileConfiguration
    let store: Store
    private let indexer: Indexer

    init(configuration: MemoryFileConfiguration, context: ProviderContext) async throws {
        try configuration.checkTogether()
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps documents on disk: the distribution must name a 'state' folder")
        }
        self.configuration = configuration
        store = try await Store.open(
            .memoryBanks, in: folder, limits: configuration.storageLimits, log: context.log)
        indexer = Indexer(
            store, Chunker(tokens: configuration.chunkTokens, overlap: configuration.chunkOverlapTokens),
            log: context.log, metrics: context.metrics)
        // What was acknowledged before a crash may not be indexed yet.
        indexer.wake()
    }

    func shutdown() async {
        await indexer.stop()
        await store.close()
    }

    // MARK: Banks

    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        guard bank.bankName.utf8.count <= 1000 else {
            throw ProviderError(.invalidRequest, "bank_name must be at most 1000 bytes", field: "bank_name")
        }
        let rows = try checked(documents)
        let limits = configuration
        try await store.write { db in
            try db.createBank(bank.bankUUID, bank.bankName, banksMax: limits.banksMax)
            try db.insert(rows, into: bank.bankUUID, documentsMax: limits.documentsPerBankMax)
        }
        indexer.wake()
    }

    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String {
        try await store.write(.freeing) { try $0.dropBank(bank.bankUUID) }
        indexer.wake()
        return bank.bankUUID
    }

    func list(_ call: Call) async throws -> [MemoryBank] { try await store.read { try $0.banks() } }

    func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        try await store.read { try $0.status(of: bank.bankUUID) }
    }

    // MARK: Documents

    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        let limits = configuration
        try await store.write {
            try $0.insert(rows, into: bank.bankUUID, documentsMax: limits.documentsPerBankMax)
        }
        indexer.wake()
    }

    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        try await store.write { try $0.update(rows, in: bank.bankUUID) }
        indexer.wake()
    }

    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument] {
        try check(ids)
        let bytesMax = configuration.answerBytesMax
        return try await store.read { try $0.documents(ids, of: bank.bankUUID, bytesMax: bytesMax) }
    }

    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String] {
        try check(ids)
        let deleted = try await store.write(.freeing) { try $0.deleteDocuments(ids, of: bank.bankUUID) }
        indexer.wake()
        return deleted
    }

    // MARK: Retrieval

    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        if let mode = request.mode, mode != .keyword {
            throw ProviderError(
                .notImplemented,
                "mode '\(mode.rawValue)' needs embeddings, which this provider does not have; it has 'keyword'",
                field: "mode")
        }
        let query = try KeywordQuery(request)
        return MemoryBankQueryResponse(mode: .keyword, chunks: try await store.read { try query.chunks($0) })
    }

    // MARK: Limits

    private func checked(_ documents: [MemoryBankDocument]) throws -> [DocumentRow] {
        guard documents.count <= configuration.documentsPerCallMax else {
            throw ProviderError(
                .invalidRequest,
                "the body must hold at most \(configuration.documentsPerCallMax) documents, got \(documents.count)")
        }
        var ids: Set<OpaqueID> = []
        return try documents.enumerated().map { index, document in
            guard ids.insert(OpaqueID(document.uuid)).inserted else {
                throw ProviderError(
                    .invalidRequest, "[\(index)].uuid comes twice in one request", field: "[\(index)].uuid")
            }
            return try DocumentRow(document, at: "[\(index)]", metadataBytesMax: configuration.metadataBytesMax)
        }
    }

    private func check(_ ids: [String]) throws {
        guard ids.count <= configuration.idsPerCallMax else {
            throw ProviderError(
                .invalidRequest, "the body must hold at most \(configuration.idsPerCallMax) ids, got \(ids.count)")
        }
    }
}

/// An id compared byte by byte, as SQLite does: Swift holds two spellings of "é" for one string.
struct OpaqueID: Hashable {
    private let bytes: [UInt8]
    init(_ id: String) { bytes = Array(id.utf8) }
}
