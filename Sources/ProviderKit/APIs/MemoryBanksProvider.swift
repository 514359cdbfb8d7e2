import LlamaStackAPI

/// A provider of `memory_banks`: named banks of documents.
public protocol MemoryBanksProvider: Provider {
    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    /// The id of the bank that is gone.
    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String
    func list(_ call: Call) async throws -> [MemoryBank]

    /// All, or none and an error.
    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    /// All, or none and an error.
    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws
    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument]
    /// The ids of the documents that are gone.
    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String]

    /// How far the bank is searchable. A provider without it names it in ``Provider/lacks``.
    func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus
    /// The chunks that fit the query best. A provider without it names it in ``Provider/lacks``.
    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse
}

extension MemoryBanksProvider {
    public static var api: API { .memoryBanks }

    public func status(_ bank: MemoryBankQuery, _ call: Call) async throws -> MemoryBankStatus {
        throw ProviderError(.notImplemented, "\(Self.providerType) has no status of its banks")
    }

    public func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) can't search its banks")
    }

    public static var methods: [Method<Self>] {
        [
            Method(MemoryBanks.create) { try await $0.create($1, $2, $3) },
            Method(MemoryBanks.drop) { provider, bank, _, call in try await provider.drop(bank, call) },
            Method(MemoryBanks.list) { provider, _, _, call in try await provider.list(call) },
            Method(MemoryBanks.insert) { try await $0.insert($1, $2, $3) },
            Method(MemoryBanks.update) { try await $0.update($1, $2, $3) },
            Method(MemoryBanks.getDocuments) { try await $0.getDocuments($1, $2, $3) },
            Method(MemoryBanks.deleteDocuments) { try await $0.deleteDocuments($1, $2, $3) },
            Method(MemoryBanks.status) { provider, bank, _, call in try await provider.status(bank, call) },
            Method(MemoryBanks.query) { try await $0.query($2, $3) },
        ]
    }
}
