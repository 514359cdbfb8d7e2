import Documents
import Foundation
import Postgres
import ProviderKit

/// Banks of documents in a PostgreSQL database that several hosts may share: what is acknowledged is committed, and
/// text is searchable soon after.
final class MemoryPgvectorProvider: MemoryBanksProvider {
    static let providerType = "remote::pgvector"
    static let version = "1.0.0"
    static let summary =
        "Keeps banks of documents in PostgreSQL, and finds their text by words and by meaning (pgvector)."
    /// For embeddings; without a provider of it, text is found by its words alone.
    static let wants: [API] = [.inference]
    static let resources: [ResourceKind]? = []
    static let options = Dictionary(
        uniqueKeysWithValues: ["create", "drop", "insert", "update", "delete_documents"]
            .map { ($0, Set([IdempotencyKey.option])) })

    let configuration: MemoryPgvectorConfiguration
    let pool: Pool
    private let reader: DocumentReader
    private let indexer: Indexer
    /// nil: no embedding model is configured.
    private let embedding: EmbeddingStage?

    convenience init(configuration: MemoryPgvectorConfiguration, context: ProviderContext) async throws {
        let embedder = configuration.embeddingModel.map { HostEmbedder(model: $0, context: context) }
        try await self.init(configuration: configuration, context: context, embedder: embedder)
    }

    init(
        configuration: MemoryPgvectorConfiguration, context: ProviderContext, embedder: (any Embedder)?
    ) async throws {
        try configuration.checkTogether()
        self.configuration = configuration
        let pool = Pool(try ConnectionSettings(configuration, context), log: context.log)
        self.pool = pool
        let isServing = context.purpose == .serve
        do {
            if isServing {
                try await pool.open(configuration, model: embedder?.model)
            } else {
                for sentence in try await pool.check(configuration, model: embedder?.model) { context.log.info(sentence) }
            }
        } catch {
            await pool.close()
            throw error
        }
        embedding = embedder.map {
            EmbeddingStage($0, pool, configuration, log: context.log, metrics: context.metrics)
        }
        reader = DocumentReader(pdf: PDFText(limits: configuration.pdfLimits))
        indexer = Indexer(
            pool, reader, Chunker(tokens: configuration.chunkTokens, overlap: configuration.chunkOverlapTokens), embedding,
            configuration.rememberedAnswers, log: context.log, metrics: context.metrics)
        context.log.info(
            embedder.map { "documents are found by words and by meaning (\($0.model))" }
                ?? "documents are found by their words alone: no embedding_model is configured")
        // What was acknowledged before a crash may not be indexed yet.
        if isServing { indexer.wake() }
    }

    func shutdown() async {
        await indexer.stop()
        await pool.close()
    }

    // MARK: Banks

    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        guard bank.bankName.utf8.count <= 1000 else {
            throw ProviderError(.invalidRequest, "bank_name must be at most 1000 bytes", field: "bank_name")
        }
        try Self.checkText(bank.bankName, "bank_name")
        let rows = try checked(documents)
        let limits = configuration
        _ = try await change(call) { session in
            let id = try session.createBank(bank.bankUUID, bank.bankName, banksMax: limits.banksMax)
            try session.insert(rows, into: id, documentsMax: limits.documentsPerBankMax)
            return Nothing()
        }
    }

    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String {
        try await change(call) { session in
            try session.dropBank(bank.bankUUID)
            return bank.bankUUID
        }
    }

    func list(_ call: Call) async throws -> [MemoryBank] { try await pool.read { try $0.banks() } }

    func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        let model = embedding?.model
        return try await pool.read { try $0.status(of: bank.bankUUID, model: model) }
    }

    // MARK: Documents

    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        let limits = configuration
        _ = try await change(call) { session in
            let id = try session.bankToChange(bank.bankUUID)
            try session.insert(rows, into: id, documentsMax: limits.documentsPerBankMax)
            return Nothing()
        }
    }

    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try checked(documents)
        _ = try await change(call) { session in
            try session.update(rows, in: try session.bankToChange(bank.bankUUID))
            return Nothing()
        }
    }

    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument] {
        try check(ids)
        let bytesMax = configuration.answerBytesMax
        return try await pool.read { try $0.documents(ids, of: try $0.bank(bank.bankUUID), bytesMax: bytesMax) }
    }

    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String] {
        try check(ids)
        return try await change(call) { try $0.deleteDocuments(ids, of: try $0.bankToChange(bank.bankUUID)) }
    }

    /// Answers when the change is committed. A call that is sent again under its key changes nothing.
    private func change<Answer: WireValue>(
        _ call: Call, _ body: @escaping @Sendable (Session) throws -> Answer
    ) async throws -> Answer {
        let answers = configuration.rememberedAnswers
        let answer = try await pool.write { session in
            try answers.once(call.idempotent, session) { try body(session) }
        }
        indexer.wake()
        return answer
    }

    // MARK: Retrieval

    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        let retrieval = try Retrieval(request)
        guard let vectors = try await vectorSearch(retrieval, request.mode) else {
            return MemoryBankQueryResponse(mode: .keyword, chunks: try await pool.read(retrieval.byKeyword))
        }
        if request.mode == .vector {
            let chunks = try await pool.read { try retrieval.byVector($0, vectors) }
            return MemoryBankQueryResponse(mode: .vector, chunks: chunks)
        }
        let chunks = try await pool.read { try retrieval.byBoth($0, vectors) }
        return MemoryBankQueryResponse(mode: .hybrid, chunks: chunks)
    }

    /// nil when the search is to go by words alone: that was asked for, or nothing was and there is nothing better.
    private func vectorSearch(_ retrieval: Retrieval, _ mode: MemoryBankQueryMode?) async throws -> VectorSearch? {
        if mode == .keyword { return nil }
        guard let embedding else {
            guard let mode else { return nil }
            throw ProviderError(
                .notImplemented,
                "mode '\(mode.rawValue)' needs embeddings, and this provider has no embedding_model configured; it has "
                    + "'keyword'", field: "mode")
        }
        let model = embedding.model
        if mode == nil {
            guard try await pool.read({ try retrieval.hasVectors($0, of: model) }) else { return nil }
        }
        do {
            guard let vector = try await embedding.embedder.embed([retrieval.query.text]).first else { return nil }
            return VectorSearch(
                vector: vector, model: model, exactMax: configuration.exactChunksMax,
                effort: configuration.hnswEfSearch)
        } catch  where mode == nil && !(error is CancellationError) {
            // Words still find something, and the answer says that it went by them.
            return nil
        }
    }

    // MARK: Limits

    private func checked(_ documents: [MemoryBankDocument]) throws -> [DocumentRow] {
        for (index, document) in documents.enumerated() {
            try Self.checkText(document.mimeType, "[\(index)].mime_type")
        }
        return try documents.rows(
            countMax: configuration.documentsPerCallMax, metadataBytesMax: configuration.metadataBytesMax, reader: reader)
    }

    /// Documents, their metadata and their chunks may hold U+0000; a name and a media type have no use for it.
    private static func checkText(_ text: String, _ field: String) throws {
        guard !text.utf8.contains(0) else {
            throw ProviderError(
                .invalidRequest, "\(field) must not hold U+0000, which PostgreSQL can't keep", field: field)
        }
    }

    private func check(_ ids: [String]) throws {
        guard ids.count <= configuration.idsPerCallMax else {
            throw ProviderError(
                .invalidRequest, "the body must hold at most \(configuration.idsPerCallMax) ids, got \(ids.count)")
        }
    }
}
