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
}
