import ProviderKit

struct ScriptedMemory: MemoryBanksProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func create(_ bank: MemoryBankCreateQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        call.note(bank.json, body: documents.json)
    }

    func drop(_ bank: MemoryBankQuery, _ call: Call) async throws -> String {
        call.note(bank.json)
        return bank.bankUUID
    }

    func list(_ call: Call) async throws -> [MemoryBank] {
        call.note()
        return [MemoryBank(uuid: "one", name: "the first"), MemoryBank(uuid: "two", name: "the second")]
    }

    func insert(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        call.note(bank.json, body: documents.json)
    }

    func update(_ bank: MemoryBankQuery, _ documents: [MemoryBankDocument], _ call: Call) async throws {
        call.note(bank.json, body: documents.json)
    }

    func getDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [MemoryBankDocument] {
        call.note(bank.json, body: ids.json)
        return ids.map {
            MemoryBankDocument(
                uuid: $0, content: Base64Data(Array("of \(bank.bankUUID)".utf8)), metadata: ["n": 1],
                mimeType: "text/plain")
        }
    }

    func deleteDocuments(_ bank: MemoryBankQuery, _ ids: [String], _ call: Call) async throws -> [String] {
        call.note(bank.json, body: ids.json)
        return ids
    }

    func status(_ bank: MemoryBankStatusQuery, _ call: Call) async throws -> MemoryBankStatus {
        call.note(bank.json)
        return MemoryBankStatus(bankUUID: bank.bankUUID, documents: 3, pending: 0, indexed: 2, notIndexed: 1, chunks: 5)
    }

    func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        call.note(body: request.json)
        try await Script.play(request.query.text) { _ in }
        let chunks = request.bankUUIDs.map {
            MemoryBankChunk(
                bankUUID: $0, documentUUID: "one", index: 0, start: 0, end: 4, tokenCount: 1, score: 0.5, text: "word",
                metadata: [:])
        }
        return MemoryBankQueryResponse(mode: .keyword, chunks: chunks)
    }
}
