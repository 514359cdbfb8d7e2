import LlamaStackAPI

/// `memory_banks`, as another provider calls it.
public struct MemoryBanksClient: Sendable {
    public let caller: HostCaller

    public func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.create, bank, documents)
    }

    public func drop(_ bank: MemoryBankQuery) async throws -> String {
        try await caller.answer(MemoryBanks.drop, bank, Nothing())
    }

    public func list() async throws -> [MemoryBank] {
        try await caller.answer(MemoryBanks.list, Nothing(), Nothing())
    }

    public func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.insert, bank, documents)
    }

    public func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument]) async throws {
        _ = try await caller.answer(MemoryBanks.update, bank, documents)
    }

    public func getDocuments(_ bank: MemoryBankQuery, _ ids: [String]) async throws -> [MemoryBankDocument] {
        try await caller.answer(MemoryBanks.getDocuments, bank, ids)
    }

    public func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String]) async throws -> [String] {
        try await caller.answer(MemoryBanks.deleteDocuments, bank, ids)
    }

    public func status(_ bank: MemoryBankQuery) async throws -> MemoryBankStatus {
        try await caller.answer(MemoryBanks.status, bank, Nothing())
    }

    public func query(_ request: MemoryBankQueryRequest) async throws -> MemoryBankQueryResponse {
        try await caller.answer(MemoryBanks.query, Nothing(), request)
    }
}
