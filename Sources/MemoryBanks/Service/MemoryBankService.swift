import ProviderKit

/// The provider of memory banks over a store: what is acknowledged is durable, and text is searchable soon after.
package final class MemoryBankService<Store: BankStore>: MemoryBanksProvider {
    package static var providerType: String { Store.providerType }
    package static var version: String { Store.version }
    package static var summary: String { Store.summary }
    /// For embeddings; without a provider of it, text is found by its words alone.
    package static var wants: [API] { [.inference] }
    /// For the text of documents that are a URL.
    package static var needsNetwork: Bool { true }
    package static var resources: [ResourceKind]? { [] }
    package static var options: [String: Set<String>] {
        Dictionary(
            uniqueKeysWithValues: ["create", "drop", "insert", "update", "delete_documents"]
                .map { ($0, Set([IdempotencyKey.option])) })
    }

    package let store: Store
    private let limits: BankLimits
    private let intake: DocumentIntake
    private let indexer: Indexer<Store>
    /// nil: no embedding model is configured.
    let embedding: EmbeddingStage<Store>?
    /// nil: nothing is fetched.
    private let fetching: FetchStage<Store>?
    /// Gives chunks that an older version has indexed the words of this one.
    private let rewording = BackgroundWork()

    package convenience init(configuration: Store.Configuration, context: ProviderContext) async throws {
        try configuration.checkTogether()
        let embedder = configuration.banks.embeddingModel.map { HostEmbedder(model: $0, context: context) }
        let store = try await Store.open(configuration, context, model: embedder?.model)
        try await self.init(store, configuration, context, embedder)
    }

    /// - Parameter store: open for this embedder's model.
    package init(
        _ store: Store, _ configuration: Store.Configuration, _ context: ProviderContext, _ embedder: (any Embedder)?
    ) async throws {
        self.store = store
        limits = configuration.banks.limits
        let reader = DocumentReader(
            pdf: PDFText(limits: configuration.pdfLimits),
            processes: ReaderProcesses.find(secondsMax: configuration.documentSecondsMax))
        let fetcher = try await NetworkFetcher(context)
        intake = DocumentIntake(limits, reader, fetcher, log: context.log)
        let embedding = embedder.map { EmbeddingStage($0, store, log: context.log, metrics: context.metrics) }
        let indexer = Indexer(
            store, reader, configuration.banks.chunking.chunker, embedding, log: context.log, metrics: context.metrics)
        fetching = fetcher.map {
            FetchStage($0, reader, store, log: context.log, metrics: context.metrics) { indexer.wake() }
        }
        (self.embedding, self.indexer) = (embedding, indexer)
        rewording.start("indexing chunks by new words", context.log) { [rewording] in
            while !rewording.isStopped, try await store.write(.adding, { try $0.rewordSome() }) {}
            return nil
        }
        let isServing = context.purpose == .serve
        if fetching == nil, isServing {
            do { try await indexRemoteAsText() } catch {
                await store.close()
                throw error
            }
        }
        context.log.info(
            embedder.map { "documents are found by words and by meaning (\($0.model))" }
                ?? "documents are found by their words alone: no embedding_model is configured")
        // What was acknowledged before a crash may not be indexed yet.
        if isServing {
            indexer.wake()
            fetching?.wake()
            rewording.wake()
        }
    }

    /// Nothing is fetched any more: in vain, a URL that waits for it is found by its own words.
    private func indexRemoteAsText() async throws {
        guard try await store.read({ try !$0.remoteDocuments(countMax: 1).isEmpty }) else { return }
        try await store.write(.adding) { try $0.indexRemoteAsText() }
    }

    package func shutdown() async {
        await fetching?.stop()
        await rewording.stop()
        await indexer.stop()
        await store.close()
    }

    // MARK: Banks

    package func create(
        _ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call
    ) async throws {
        guard bank.bankName.utf8.count <= 1000 else {
            throw ProviderError(.invalidRequest, "bank_name must be at most 1000 bytes", field: "bank_name")
        }
        try bank.bankName.checkForNUL(at: "bank_name")
        let rows = try await intake.rows(of: documents)
        _ = try await change(call, rows) { [limits] in
            let count = try $0.bankCount()
            guard count < limits.banksMax else {
                throw ProviderError(
                    .storageFull, "there are \(count) memory banks, and banks_max is \(limits.banksMax)")
            }
            guard let id = try $0.createBank(bank.bankUUID, bank.bankName) else {
                throw ProviderError(
                    .alreadyExists, "there is a memory bank '\(bank.bankUUID)' already", field: "bank_uuid")
            }
            try $0.insert(rows, into: id, limits)
            return Nothing()
        }
    }

    package func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String {
        try await change(call, purpose: .freeing) {
            guard try $0.dropBank(bank.bankUUID) else { throw ProviderError.noBank(bank.bankUUID) }
            return bank.bankUUID
        }
    }

    package func list(_ call: Call) async throws -> [MemoryBank] { try await store.read { try $0.banks() } }

    package func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        try await status(MemoryBankStatusQuery(bankUUID: bank.bankUUID), call)
    }

    package func status(_ query: MemoryBankStatusQuery, _ call: Call) async throws -> MemoryBankStatus {
        let ids = query.documents == nil ? nil : query.documentIDs
        try check(ids ?? [], at: "documents")
        let isEmbedding = embedding != nil
        return try await store.read { try $0.status(of: query.bankUUID, documents: ids, isEmbedding: isEmbedding) }
    }

    // MARK: Documents

    package func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try await intake.rows(of: documents)
        _ = try await change(call, rows) { [limits] in
            try $0.insert(rows, into: try $0.known(bank.bankUUID, toChange: true), limits)
            return Nothing()
        }
    }

    package func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        let rows = try await intake.rows(of: documents)
        _ = try await change(call, rows) {
            try $0.update(rows, in: try $0.known(bank.bankUUID, toChange: true))
            return Nothing()
        }
    }

    package func getDocuments(
        _ bank: MemoryBankQuery, _ ids: [String], _ call: Call
    ) async throws -> [MemoryBankDocument] {
        try check(ids)
        let bytesMax = limits.answerBytesMax
        return try await store.read {
            var answer = DocumentAnswer(bytesMax: bytesMax, countMax: ids.count)
            try $0.read(ids, of: try $0.known(bank.bankUUID), into: &answer)
            return answer.documents
        }
    }

    package func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String] {
        try check(ids)
        return try await change(call, purpose: .freeing) {
            try $0.delete(ids, of: try $0.known(bank.bankUUID, toChange: true))
        }
    }

    private func check(_ ids: [String], at place: String = "the body") throws {
        guard ids.count <= limits.idsPerCallMax else {
            throw ProviderError(
                .invalidRequest,
                "\(place) holds \(ids.count) ids, and ids_per_call_max is \(limits.idsPerCallMax); "
                    + "send them in several calls")
        }
        for (index, id) in ids.enumerated() { try id.checkForNUL(at: "[\(index)]") }
    }

    /// Answers when the change is durable. A call that is sent again under its key changes nothing.
    ///
    /// - Parameter new: documents that are to be made searchable then.
    private func change<Answer: WireValue>(
        _ call: Call, _ new: [DocumentRow] = [], purpose: ChangePurpose = .adding,
        _ body: @escaping @Sendable (Store.Transaction) throws -> Answer
    ) async throws -> Answer {
        let answer = try await store.write(purpose) { transaction in
            try transaction.once(call.idempotent) { try body(transaction) }
        }
        if purpose == .freeing { indexer.wake() } else { indexer.wake(for: new) }
        if new.contains(where: { $0.state == .remote }) { fetching?.wake() }
        return answer
    }
}
