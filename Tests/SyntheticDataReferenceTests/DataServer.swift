import Foundation
import Host
import ProviderKit
import Synchronization

/// A distribution in this process: the provider over scripted inference and rewards, and the real register of datasets.
final class DataServer: Sendable {
    let stack: Stack
    let folder: String
    private let received: Received

    final class Received: Sendable {
        private let methods = Mutex<[String]>([])
        var all: [String] { methods.withLock { $0 } }

        var sink: LogSink {
            LogSink { [self] line in
                guard line.message == "received", let method = line.fields["method"] else { return }
                methods.withLock { $0.append(method) }
            }
        }
    }

    /// - Parameter data: the folder of the provider, below `folder`; `data` is what datasets may read.
    init(_ folder: String, model: String, data: String?, config: String) async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        let scripted = ["inference", "reward_scoring"].map { api in
            "  \(api):\n    - {provider_id: scripted, provider_type: inline::scripted, library: \(library)}\n"
        }
        let place = data.map { ", dataset_folder: \(folder)/\($0)" } ?? ""
        let more = config.isEmpty ? "" : ", " + config
        let yaml = """
            version: 1
            name: data
            state: \(folder)/state
            providers:
            \(scripted.joined())
              datasets:
                - {provider_id: files, provider_type: inline::file, config: {file_roots: [\(folder)/data]}}
              synthetic_data_generation:
                - provider_id: data
                  provider_type: inline::reference
                  config: {model: \(model)\(place)\(more)}
            models:
              - {model_id: scripted, provider_id: scripted, api: inference}
              - {model_id: judge, provider_id: scripted, api: reward_scoring}
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "data.yaml", directory: "/", environment: [:])
        received = Received()
        self.folder = folder
        stack = try await Stack.start(manifest, log: received.sink)
    }

    /// How often a scripted provider was called by this method.
    func calls(_ method: String) -> Int { received.all.count { $0 == method } }

    func call<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body
    ) async throws -> Answer {
        var request = CallRequest(method: endpoint.description.method)
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        return try endpoint.decodeAnswer(try await stack.call(endpoint.description, request: request).collect())
    }
}

func withData<Result>(
    model: String = "scripted", folder data: String? = "data", config: String = "",
    _ body: (DataServer) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/data-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await DataServer(folder, model: model, data: data, config: config)
    do {
        let result = try await body(server)
        await server.stack.shutdown(withinSeconds: 10)
        return result
    } catch {
        await server.stack.shutdown(withinSeconds: 10)
        throw error
    }
}
