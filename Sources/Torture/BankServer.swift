import ContractBridge
import Foundation
import Host
import LlamaStackAPI

/// A distribution with nothing but memory banks, on the library that a build leaves: calls go the whole way over the
/// plug-in contract.
package final class BankServer: Sendable {
    private let start: @Sendable (EndpointDescription, CallRequest) throws -> Answer
    private let end: @Sendable () async -> Void

    package init(
        state: String, config: String = "{}", network: String = "{}", provider: String = "inline::file",
        log: LogSink = .discard
    ) async throws {
        let yaml = """
            version: 1
            name: torture
            state: \(state)
            network: \(network)
            providers:
              memory_banks:
                - {provider_id: files, provider_type: \(provider), config: \(config)}
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "torture.yaml", directory: "/", environment: [:])
        let stack = try await Stack.start(manifest, log: log)
        start = { try stack.call($0, request: $1) }
        end = { await stack.shutdown(withinSeconds: 30) }
    }

    /// A server of one instance, outside any stack. The owner of the channel closes it.
    package init(channel: any Channel) {
        start = { _, request in
            var request = request
            request.callID = .random(in: 1...(1 << 60))
            let stream = PartStream(), callID = request.callID
            channel.invoke(request, into: stream)
            return Answer(stream) { channel.cancel(callID) }
        }
        end = {}
    }

    package func stop() async { await end() }

    /// - Parameter key: the idempotency key of a call that may be made again.
    package func call<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, key: String? = nil
    ) async throws -> Answer {
        var request = CallRequest(method: endpoint.description.method)
        if let key { request.options = [IdempotencyKey.option: .string(key)] }
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        return try endpoint.decodeAnswer(try await start(endpoint.description, request).collect())
    }

    package func create(_ bank: String, _ documents: [MemoryBankDocument] = [], key: String? = nil) async throws {
        let query = MemoryBankCreateQuery(bankUUID: bank, bankName: bank)
        _ = try await call(MemoryBanks.create, query, documents, key: key)
    }

    package func insert(_ documents: [MemoryBankDocument], _ bank: String, key: String? = nil) async throws {
        _ = try await call(MemoryBanks.insert, MemoryBankQuery(bankUUID: bank), documents, key: key)
    }

    package func update(_ documents: [MemoryBankDocument], _ bank: String, key: String? = nil) async throws {
        _ = try await call(MemoryBanks.update, MemoryBankQuery(bankUUID: bank), documents, key: key)
    }

    package func get(_ ids: [String], _ bank: String) async throws -> [MemoryBankDocument] {
        try await call(MemoryBanks.getDocuments, MemoryBankQuery(bankUUID: bank), ids)
    }

    package func delete(_ ids: [String], _ bank: String, key: String? = nil) async throws -> [String] {
        try await call(MemoryBanks.deleteDocuments, MemoryBankQuery(bankUUID: bank), ids, key: key)
    }

    package func drop(_ bank: String, key: String? = nil) async throws -> String {
        try await call(MemoryBanks.drop, MemoryBankQuery(bankUUID: bank), Nothing(), key: key)
    }

    package func list() async throws -> [MemoryBank] { try await call(MemoryBanks.list, Nothing(), Nothing()) }

    /// - Parameter documents: ids, separated by commas.
    package func status(_ bank: String, documents: String? = nil) async throws -> MemoryBankStatus {
        try await call(MemoryBanks.status, MemoryBankStatusQuery(bankUUID: bank, documents: documents), Nothing())
    }

    package func query(_ request: MemoryBankQueryRequest) async throws -> MemoryBankQueryResponse {
        try await call(MemoryBanks.query, Nothing(), request)
    }

    /// Waits until every document of the bank is searchable, or known not to be.
    package func indexed(_ bank: String) async throws -> MemoryBankStatus {
        while true {
            let status = try await status(bank)
            if status.pending == 0 { return status }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
