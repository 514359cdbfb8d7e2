import Documents
import Foundation
import GRDB
import ProviderKit
import Storage
import Synchronization
import VectorIndex

/// Banks of documents in one SQLite database: what is acknowledged is on disk, and text is searchable soon after.
final class MemoryFileProvider: MemoryBanksProvider {
    static let providerType = "inline::file"
    static let version = "1.0.0"
    static let summary = "Keeps banks of documents in one SQLite file, and finds their text by words and by meaning."
    /// For embeddings; without a provider of it, text is found by its words alone.
    static let wants: [API] = [.inference]
    /// For the text of documents that are a URL.
    static let needsNetwork = true
    static let resources: [ResourceKind]? = []
    static let options = Dictionary(
        uniqueKeysWithValues: ["create", "drop", "insert", "update", "delete_documents"]
            .map { ($0, Set([IdempotencyKey.option])) })

    let configuration: MemoryFileConfiguration
    let store: Store
    private let reader: DocumentReader
    private let indexer: Indexer
    private let log: Log
    /// Said once: documents that this machine can't read came.
    private let hasMissedPDF = Atomic<Bool>(false)
    /// nil: no embedding model is configured.
    private let embedding: EmbeddingStage?
    /// nil: nothing is fetched.
    private let fetching: FetchStage?

    convenience init(configuration: MemoryFileConfiguration, context: ProviderContext) async throws {
        let embedder = configuration.embeddingModel.map { HostEmbedder(model: $0, context: context) }
        try await self.init(configuration: configuration, context: context, embedder: embedder)
    }

    init(
        configuration: MemoryFileConfiguration, context: ProviderContext, embedder: (any Embedder)?,
        vectorOptions: VectorIndex.Options = .init()
    ) async throws {
        try configuration.checkTogether()
        if let refusal = VectorMath.instructionSetRefusal { throw ProviderError(.invalidConfig, refusal) }
        guard let folder = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps documents on disk: the distribution must name a 'state' folder")
        }
        self.configuration = configuration
        let store = try await Store.open(
            .memoryBanks, in: folder, limits: configuration.storageLimits, log: context.log)
        self.store = store
        embedding = embedder.map {
            EmbeddingStage($0, BankVectors(vectorOptions), store, log: context.log, metrics: context.metrics)
        }
        let reader = DocumentReader(pdf: PDFText(limits: configuration.pdf))
        log = context.log
        let indexer = Indexer(
            store, reader, Chunker(tokens: configuration.chunkTokens, overlap: configuration.chunkOverlapTokens),
            embedding, log: context.log, metrics: context.metrics)
        (self.reader, self.indexer) = (reader, indexer)
        try await embedding?.open()
        fetching =
            try await context.network.isEnabled()
            ? FetchStage(context.network, reader, store, log: context.log, metrics: context.metrics) { indexer.wake() }
            : nil
        let isWaiting = try await store.read {
            try Int.fetchOne($0, sql: "SELECT 1 FROM document WHERE state = 3") != nil
        }
        if isWaiting, fetching == nil {
            // In vain: such a document is found by the words of its URL.
            try await store.write { try $0.execute(sql: "UPDATE document SET state = 0 WHERE state = 3") }
        }
        context.log.info(
            embedder.map { "documents are found by words and by meaning (\($0.model))" }
                ?? "documents are found by their words alone: no embedding_model is configured")
        // What was acknowledged before a crash may not be indexed yet.
        indexer.wake()
        fetching?.wake()
    }

    func shutdown() async {
        await fetching?.stop()
        await indexer.stop()
        await store.close()
    }

    // MARK: Banks

    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        guard bank.bankName.utf8.count <= 1000 else {
            throw ProviderError(.invalidRequest, "bank_name must be at most 1000 bytes", field: "bank_name")
        }
        let rows = try checked(documents)
        try await checkURLs(documents)
        let limits = configuration
        _ = try await change(call) { db, _ in
            try db.createBank(bank.bankUUID, bank.bankName, banksMax: limits.banksMax)
            try db.insert(rows, into: bank.bankUUID, documentsMax: limits.documentsPerBankMax)
            return Nothing()
        }
    }

    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String {
        try await change(call, .freeing) { db, gone in
            gone = .bank(try db.dropBank(bank.bankUUID))
            return bank.bankUUID
        }
    }

    func list(_ call: Call) async throws -> [MemoryBank] { try await store.read { try $0.banks() } }

    func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        let isEmbedding = embedding != nil
        return try await store.read { try $0.status(of: bank.bankUUID, isEmbedding: isEmbedding) }
    }

    // MARK: Documents

    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        try await checkURLs(documents)
        let limits = configuration
        _ = try await change(call) { db, _ in
            try db.insert(rows, into: bank.bankUUID, documentsMax: limits.documentsPerBankMax)
            return Nothing()
        }
    }

    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        try await checkURLs(documents)
        _ = try await change(call) { db, gone in
            gone = .chunks(try db.update(rows, in: bank.bankUUID))
            return Nothing()
        }
    }

    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument] {
        try check(ids)
        let bytesMax = configuration.answerBytesMax
        return try await store.read { try $0.documents(ids, of: bank.bankUUID, bytesMax: bytesMax) }
    }

    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String] {
        try check(ids)
        return try await change(call, .freeing) { db, gone in
            let (deleted, chunks) = try db.deleteDocuments(ids, of: bank.bankUUID)
            gone = .chunks(chunks)
            return deleted
        }
    }

    // MARK: Changes

    /// What a change has taken away, and the vectors in memory do not know yet.
    private enum Gone: Sendable {
        case nothing, bank(Int64), chunks(GoneChunks)
    }

    /// Answers when the change is on disk. A call that is sent again under its key changes nothing.
    private func change<Answer: WireValue>(
        _ call: Call, _ purpose: Store.Purpose = .adding,
        _ body: @escaping @Sendable (Database, inout Gone) throws -> Answer
    ) async throws -> Answer {
        let answers = configuration.rememberedAnswers
        let (answer, gone) = try await store.write(purpose) { db in
            var gone = Gone.nothing
            let answer = try answers.once(call.idempotent, db) { try body(db, &gone) }
            return (answer, gone)
        }
        switch gone {
        case .nothing: break
        case .bank(let bank): embedding?.vectors.drop(bank)
        case .chunks(let chunks): embedding?.vectors.remove(chunks.ids, from: chunks.bank)
        }
        indexer.wake()
        fetching?.wake()
        return answer
    }

    // MARK: Retrieval

    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        let retrieval = try Retrieval(request)
        guard let vectors = try await vectorQuery(retrieval, request.mode) else {
            return MemoryBankQueryResponse(mode: .keyword, chunks: try await store.read(retrieval.byKeyword))
        }
        if request.mode == .vector {
            let chunks = try await store.read { try retrieval.byVector($0, vectors) }
            return MemoryBankQueryResponse(mode: .vector, chunks: chunks)
        }
        let chunks = try await store.read { try retrieval.byBoth($0, vectors) }
        return MemoryBankQueryResponse(mode: .hybrid, chunks: chunks)
    }

    /// nil when the search is to go by words alone: that was asked for, or nothing was and there is nothing better.
    private func vectorQuery(_ retrieval: Retrieval, _ mode: MemoryBankQueryMode?) async throws -> VectorQuery? {
        if mode == .keyword { return nil }
        guard let embedding else {
            guard let mode else { return nil }
            throw ProviderError(
                .notImplemented,
                "mode '\(mode.rawValue)' needs embeddings, and this provider has no embedding_model configured; it has "
                    + "'keyword'", field: "mode")
        }
        if mode == nil {
            let banks = try await store.read { Array(try retrieval.banks($0).keys) }
            guard embedding.vectors.hasAny(of: banks) else { return nil }
        }
        do {
            guard let vector = try await embedding.embedder.embed([retrieval.text]).first else { return nil }
            return VectorQuery(vector: vector, vectors: embedding.vectors)
        } catch  where mode == nil && !(error is CancellationError) {
            // Words still find something, and the answer says that it went by them.
            return nil
        }
    }

    // MARK: Limits

    private func checked(_ documents: [MemoryBankDocument]) throws -> [DocumentRow] {
        let rows = try documents.rows(
            countMax: configuration.documentsPerCallMax, metadataBytesMax: configuration.metadataBytesMax,
            reader: reader,
            isFetching: fetching != nil)
        if rows.contains(where: { $0.state == .notIndexed && reader.isPDF($0.mimeType) }) { sayThatPDFIsMissing() }
        return rows
    }

    private func sayThatPDFIsMissing() {
        guard !hasMissedPDF.exchange(true, ordering: .relaxed) else { return }
        log.warning(
            "PDF documents are kept and not indexed: there is no pdftotext on the PATH; install poppler-utils, "
                + "restart, and update the documents")
    }

    /// What a document names must be allowed; whether it is there is found out later.
    private func checkURLs(_ documents: [MemoryBankDocument]) async throws {
        guard let fetching else { return }
        for (index, document) in documents.enumerated() where URLDocument.isOne(document.mimeType) {
            let field = "[\(index)].content"
            guard let url = URLDocument.url(in: document.content.bytes) else {
                throw ProviderError(
                    .urlNotAllowed, "\(field) must be one URL, as its type is text/uri-list", field: field)
            }
            do {
                try await fetching.network.check(url)
            } catch let error as ProviderError where error.code == .urlNotAllowed {
                throw ProviderError(error.code, "\(field) \(error.message)", field: field)
            } catch is ProviderError {
                continue
            }
        }
    }

    private func check(_ ids: [String]) throws {
        guard ids.count <= configuration.idsPerCallMax else {
            throw ProviderError(
                .invalidRequest, "the body must hold at most \(configuration.idsPerCallMax) ids, got \(ids.count)")
        }
    }
}
