import Foundation
import Host
import ProviderKit

/// A distribution with nothing but datasets, on the library that a build leaves.
struct DatasetServer: Sendable {
    let stack: Stack

    init(state: String, config: String, network: String = "{}") async throws {
        let yaml = """
            version: 1
            name: test
            state: \(state)
            network: \(network)
            providers:
              datasets:
                - {provider_id: files, provider_type: inline::file, config: \(config)}
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "test.yaml", directory: "/", environment: [:])
        stack = try await Stack.start(manifest)
    }

    private func call<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, key: String? = nil
    ) async throws -> Answer {
        var request = CallRequest(method: endpoint.description.method)
        if let key { request.options = [IdempotencyKey.option: .string(key)] }
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        return try endpoint.decodeAnswer(try await stack.call(endpoint.description, request: request).collect())
    }

    func create(
        _ id: String, _ url: String, _ columns: [String: DatasetColumn], key: String? = nil
    ) async throws {
        let dataset = Dataset(columns: columns, contentURL: try WireURL(url))
        _ = try await call(Datasets.create, Nothing(), CreateDatasetRequest(uuid: id, dataset: dataset), key: key)
    }

    func get(_ id: String) async throws -> Dataset {
        try await call(Datasets.get, DatasetQuery(datasetID: id), Nothing())
    }

    func delete(_ id: String, key: String? = nil) async throws {
        _ = try await call(Datasets.delete, DatasetQuery(datasetID: id), Nothing(), key: key)
    }
}

/// A folder with `state`, and `data` as the only file root.
func withDatasets<Result>(
    _ more: String = "", network: String = "{}", _ body: (DatasetServer, _ data: String) async throws -> Result
) async throws -> Result {
    let folder =
        FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/datasets-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: folder + "/data", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await DatasetServer(
        state: folder + "/state", config: "{file_roots: [\(folder)/data]\(more)}", network: network)
    do {
        let result = try await body(server, folder + "/data")
        await server.stack.shutdown(withinSeconds: 10)
        return result
    } catch {
        await server.stack.shutdown(withinSeconds: 10)
        throw error
    }
}

/// What creating the dataset must fail with; nil when it did not fail.
func refusal(_ body: () async throws -> Void) async -> CallError? {
    do {
        try await body()
        return nil
    } catch { return error as? CallError }
}

func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

/// The files of content that was fetched, of an instance whose file root is `data`.
func keptCopies(_ data: String) throws -> [String] {
    let state = URL(fileURLWithPath: data).deletingLastPathComponent().path + "/state"
    let files = FileManager.default.enumerator(atPath: state)?.compactMap { $0 as? String } ?? []
    return files.filter { $0.contains("content/") }.map { state + "/" + $0 }
}
