import Foundation
import Host
import LlamaStackAPI
import Testing

/// Two providers of memory banks and two of datasets: the ones that are built, behind one host.
struct ResourceRoutingTests {
    @Test("a bank is made by the provider that the client names, else by the first, and every call finds it there")
    func creation() async throws {
        try await withTwo { server in
            try await server.create("here")
            try await server.create("there", provider: "second")
            try await server.insert("d", into: "there")
            #expect(try await server.documents("there") == ["d"])
            #expect(try await server.banks(of: "first") == ["here"])
            #expect(try await server.banks(of: "second") == ["there"])
        }
    }

    @Test("a host that has just started finds a bank of its second provider")
    func afterRestart() async throws {
        try await withFolder { folder in
            let first = try await TwoProviders(folder)
            try await first.create("there", provider: "second")
            await first.stop()
            let second = try await TwoProviders(folder)
            try await second.insert("d", into: "there")
            #expect(try await second.documents("there") == ["d"])
            await second.stop()
        }
    }

    @Test("the list of banks is that of all providers, in the file's order")
    func list() async throws {
        try await withTwo { server in
            try await server.create("b", provider: "second")
            try await server.create("a")
            #expect(try await server.banks() == ["a", "b"])
        }
    }

    @Test("an id that another provider has is in use")
    func inUse() async throws {
        try await withTwo { server in
            try await server.create("one", provider: "second")
            let error = await #expect(throws: CallError.self) { try await server.create("one") }
            #expect(
                error == CallError(.alreadyExists, "memory_banks/second has 'one' already", field: "bank_uuid"))
            #expect(try await server.banks() == ["one"])
        }
    }

    @Test("a bank that was dropped can be made again elsewhere, and is found there")
    func moved() async throws {
        try await withTwo { server in
            try await server.create("one", provider: "second")
            try await server.drop("one")
            try await server.create("one")
            try await server.insert("d", into: "one")
            #expect(try await server.banks(of: "first") == ["one"])
        }
    }

    @Test("a bank that no provider has is 404, and the answer names those that were asked")
    func unknownBank() async throws {
        try await withTwo { server in
            let error = await #expect(throws: CallError.self) { try await server.drop("none") }
            #expect(error?.code == .notFound)
            #expect(error?.message == "there is no memory bank 'none'; asked first, second")
        }
    }

    @Test("a document that a bank does not have is reported by the provider that has the bank")
    func missingDocument() async throws {
        try await withTwo { server in
            try await server.create("one")
            let error = await #expect(throws: CallError.self) { try await server.update("d", in: "one") }
            #expect(error?.message == "[0].uuid: the bank has no document 'd'; insert adds it")
        }
    }

    @Test("an unknown provider is 404, the close one is suggested and the known ones are listed")
    func unknownProvider() async throws {
        try await withTwo { server in
            let error = await #expect(throws: CallError.self) { try await server.create("one", provider: "secnd") }
            #expect(
                error
                    == CallError(
                        .notFound,
                        "there is no provider 'memory_banks/secnd' (did you mean 'second'?); there are first, second",
                        field: "provider_id"))
        }
    }

    @Test("a query goes to the provider that has its banks")
    func query() async throws {
        try await withTwo { server in
            try await server.create("one", provider: "second")
            let request = MemoryBankQueryRequest(bankUUIDs: ["one"], query: .text("words"))
            let answer = try await server.call(MemoryBanks.query, Nothing(), request)
            #expect(answer.chunks.isEmpty)
        }
    }

    @Test("a change that is sent again under its key is answered by the provider that made it")
    func sentAgain() async throws {
        try await withTwo { server in
            for _ in 0..<2 { try await server.create("one", provider: "second", key: "create") }
            for _ in 0..<2 { try await server.insert("d", into: "one", key: "insert") }
            for _ in 0..<2 { try await server.drop("one", key: "drop") }
            #expect(try await server.banks() == [])
        }
    }

    @Test("a dataset is made by the provider that the client names, by the id in its body, and found there")
    func datasets() async throws {
        try await withTwo { server in
            try await server.createDataset("rows", provider: "second")
            #expect(try await server.dataset("rows").metadata == ["of": "rows"])
            let error = await #expect(throws: CallError.self) { try await server.createDataset("rows") }
            #expect(error == CallError(.alreadyExists, "datasets/second has 'rows' already", field: "uuid"))
        }
    }
}

private struct TwoProviders: Sendable {
    let stack: Stack

    init(_ folder: String) async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let entries =
            "[{provider_id: first, provider_type: inline::file}, {provider_id: second, provider_type: inline::file}]"
        let yaml = """
            version: 1
            name: two
            state: \(folder)
            provider_path: [\(URL(fileURLWithPath: tests).deletingLastPathComponent().path)]
            providers:
              memory_banks: \(entries)
              datasets: \(entries)
            """
        stack = try await Stack.start(
            Manifest.parse(Array(yaml.utf8), file: "two.yaml", directory: "/nowhere", environment: [:]),
            environment: [:])
    }

    func stop() async { await stack.shutdown(withinSeconds: 10) }

    func call<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, provider: String? = nil,
        key: String? = nil
    ) async throws -> Answer {
        var request = CallRequest(method: endpoint.description.method)
        if let key { request.options = [IdempotencyKey.option: .string(key)] }
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        request.providerID = provider
        return try endpoint.decodeAnswer(try await stack.call(endpoint.description, request: request).collect())
    }

    func create(_ bank: String, provider: String? = nil, key: String? = nil) async throws {
        _ = try await call(
            MemoryBanks.create, MemoryBankCreateQuery(bankUUID: bank, bankName: bank), [], provider: provider, key: key)
    }

    func drop(_ bank: String, key: String? = nil) async throws {
        _ = try await call(MemoryBanks.drop, MemoryBankQuery(bankUUID: bank), Nothing(), key: key)
    }

    func insert(_ document: String, into bank: String, key: String? = nil) async throws {
        _ = try await call(MemoryBanks.insert, MemoryBankQuery(bankUUID: bank), [Self.document(document)], key: key)
    }

    func update(_ document: String, in bank: String) async throws {
        _ = try await call(MemoryBanks.update, MemoryBankQuery(bankUUID: bank), [Self.document(document)])
    }

    func documents(_ bank: String) async throws -> [String] {
        try await call(MemoryBanks.getDocuments, MemoryBankQuery(bankUUID: bank), ["d"]).map(\.uuid)
    }

    func banks() async throws -> [String] { try await call(MemoryBanks.list, Nothing(), Nothing()).map(\.uuid) }

    /// What one provider alone has.
    func banks(of provider: String) async throws -> [String] {
        var had: [String] = []
        for bank in try await banks() {
            let error = await #expect(throws: CallError.self) { try await create(bank, provider: provider) }
            if error?.message.hasPrefix("memory_banks/") == false { had.append(bank) }
        }
        return had
    }

    func createDataset(_ id: String, provider: String? = nil) async throws {
        let dataset = Dataset(
            columns: ["text": .text], contentURL: try WireURL(#"data:application/jsonl,{"text":"a"}"#),
            metadata: ["of": .string(id)])
        _ = try await call(
            Datasets.create, Nothing(), CreateDatasetRequest(uuid: id, dataset: dataset), provider: provider)
    }

    func dataset(_ id: String) async throws -> Dataset {
        try await call(Datasets.get, DatasetQuery(datasetID: id), Nothing())
    }

    private static func document(_ id: String) -> MemoryBankDocument {
        MemoryBankDocument(uuid: id, content: Base64Data(Array("text".utf8)), metadata: [:], mimeType: "text/plain")
    }
}

private func withTwo(_ body: (TwoProviders) async throws -> Void) async throws {
    try await withFolder { folder in
        let server = try await TwoProviders(folder)
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}

private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/two-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}
