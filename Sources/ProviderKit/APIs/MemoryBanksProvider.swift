import LlamaStackAPI

/// A provider of `memory_banks`: named banks of documents.
public protocol MemoryBanksProvider: Provider {
    /// Creates a bank together with its first documents, which may be none.
    ///
    /// Throw `alreadyExists` when the bank exists, and `invalidRequest` when a document's id comes twice. Nothing is
    /// created then: bank and documents are stored together or not at all. A cancelled call may have created them; a
    /// client that must know sends the request again under its `Idempotency-Key`.
    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    /// Deletes a bank with its documents, and answers the bank's id.
    ///
    /// Throw `notFound` when the bank does not exist; a second drop of the same bank is such a case. A cancelled call
    /// may have dropped it.
    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String
    /// Every bank of this provider; an empty array when there is none. The host joins the lists of all providers of the
    /// API.
    func list(_ call: Call) async throws -> [MemoryBank]

    /// Adds documents to a bank. Text becomes searchable some time after the answer: see ``status(_:_:)``. An empty
    /// list changes nothing.
    ///
    /// Throw `notFound` when the bank does not exist, `alreadyExists` when it has one of the documents, and
    /// `invalidRequest` when an id comes twice in the list. All documents are stored or none. A cancelled call may have
    /// stored all of them, never a part.
    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    /// Replaces documents of a bank by their ids: content, metadata and media type. An empty list changes nothing.
    ///
    /// Throw `notFound` when the bank does not exist or one of the documents, and `invalidRequest` when an id
    /// comes twice in the list. All documents are replaced or none. A cancelled call may have replaced all of them,
    /// never a part.
    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    /// The documents with these ids, in the order of `ids`. Ids that the bank does not have are left out, so the answer
    /// may be empty.
    ///
    /// Throw `notFound` when the bank does not exist, also for an empty list: the host asks with one to find out
    /// whether an id is in use. Throw `bodyTooLarge` when the documents together pass the provider's limit.
    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument]
    /// Deletes documents, and answers the ids that were deleted, in the order of `ids`. Ids that the bank does not have
    /// are left out and are no error.
    ///
    /// Throw `notFound` when the bank does not exist. A cancelled call may have deleted all of them, never a part.
    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String]

    /// Counts of the bank's documents by how far they are searchable.
    ///
    /// Throw `notFound` when the bank does not exist. The default throws `notImplemented`; a provider without it names
    /// the method in ``Provider/unsupported``.
    func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus
    /// The same, and the status of each document that the query names. The default answers that of the bank alone.
    func status(_ query: MemoryBankStatusQuery, _ call: Call) async throws -> MemoryBankStatus
    /// The chunks that fit the query best, the best first, within `topK` and `tokensMax`. No match is an empty answer.
    ///
    /// Throw `notFound` when one of the banks does not exist, `invalidRequest` for no bank or more than 100,
    /// `unsupportedContent` when the query is not text, and `notImplemented` for a mode that the provider does not
    /// have. A cancelled call changes nothing. The default throws `notImplemented`; a provider without search names the
    /// method in ``Provider/unsupported``.
    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse
}

extension MemoryBanksProvider {
    /// A conforming provider implements `memory_banks`.
    public static var api: API { .memoryBanks }

    /// The default for a provider that does not report a status: throws `notImplemented`.
    public func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        throw ProviderError(.notImplemented, "\(Self.providerType) has no status of its banks")
    }

    /// The default for a provider that tells of no document alone: the bank's status.
    public func status(_ query: MemoryBankStatusQuery, _ call: Call) async throws -> MemoryBankStatus {
        try await status(MemoryBankQuery(bankUUID: query.bankUUID), call)
    }

    /// The default for a provider that does not search: throws `notImplemented`.
    public func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) can't search its banks")
    }

    /// The endpoints of ``MemoryBanks``, each with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [
            Method(MemoryBanks.create) { try await $0.create($1, $2, $3) },
            Method(MemoryBanks.drop) { provider, bank, _, call in try await provider.drop(bank, call) },
            Method(MemoryBanks.list) { provider, _, _, call in try await provider.list(call) },
            Method(MemoryBanks.insert) { try await $0.insert($1, $2, $3) },
            Method(MemoryBanks.update) { try await $0.update($1, $2, $3) },
            Method(MemoryBanks.getDocuments) { try await $0.getDocuments($1, $2, $3) },
            Method(MemoryBanks.deleteDocuments) { try await $0.deleteDocuments($1, $2, $3) },
            Method(MemoryBanks.status) { provider, query, _, call in try await provider.status(query, call) },
            Method(MemoryBanks.query) { try await $0.query($2, $3) },
        ]
    }
}
