import LlamaStackAPI

/// Typed calls to `memory_banks` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)``
/// does, and those that take a bank throw `notFound` when it does not exist.
public struct MemoryBanksClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Creates a bank with these documents, which may be none. Throws `alreadyExists` when its id is in use.
    public func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.create, bank, documents)
    }

    /// Deletes a bank with its documents, and answers its id.
    public func drop(_ bank: MemoryBankQuery) async throws -> String {
        try await caller.answer(MemoryBanks.drop, bank, Nothing())
    }

    /// The banks of all providers of the API, or those of the one that was picked.
    public func list() async throws -> [MemoryBank] {
        try await caller.answer(MemoryBanks.list, Nothing(), Nothing())
    }

    /// Adds documents: all, or none and an error. Throws `alreadyExists` when the bank has one of them.
    public func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.insert, bank, documents)
    }

    /// Replaces documents: all, or none and an error. Throws `notFound` when one of them is not in the bank.
    public func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.update, bank, documents)
    }

    /// The documents with these ids, in this order; unknown ids are left out.
    public func getDocuments(_ bank: MemoryBankQuery, _ ids: [String]) async throws -> [MemoryBankDocument] {
        try await caller.answer(MemoryBanks.getDocuments, bank, ids)
    }

    /// Deletes documents, and answers the ids that were deleted, in this order; unknown ids are left out.
    public func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String]) async throws -> [String] {
        try await caller.answer(MemoryBanks.deleteDocuments, bank, ids)
    }

    /// Counts of the bank's documents by how far they are searchable. Throws `notImplemented` when the provider has no
    /// status.
    public func status(_ bank: MemoryBankQuery) async throws -> MemoryBankStatus {
        try await status(MemoryBankStatusQuery(bankUUID: bank.bankUUID))
    }

    /// The same, and the status of each document that the query names, from a provider that tells it.
    public func status(_ query: MemoryBankStatusQuery) async throws -> MemoryBankStatus {
        try await caller.answer(MemoryBanks.status, query, Nothing())
    }

    /// The chunks that fit best, the best first; an empty list when there are none. Throws `notImplemented` when the
    /// provider does not search, or does not support the request's mode.
    public func query(_ request: MemoryBankQueryRequest) async throws -> MemoryBankQueryResponse {
        try await caller.answer(MemoryBanks.query, Nothing(), request)
    }
}
