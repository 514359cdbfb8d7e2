import Foundation
import Host
import ProviderKit
import Synchronization
import Testing

/// A distribution with inference and training on a tiny model, "tiny", on the libraries that a build leaves.
final class TrainingServer: Sendable {
    let folder: String
    private let manifest: Manifest
    private let running: Mutex<Stack>
    var stack: Stack { running.withLock { $0 } }

    /// - Parameters:
    ///   - providers: further ones, as lines of YAML below `providers:`.
    ///   - models: further ones, as lines of YAML below `models:`.
    init(
        folder: String, config: String, model: TinyModel = TinyModel(), providers: String = "", models: String = ""
    ) async throws {
        self.folder = folder
        let file = "\(folder)/tiny.gguf"
        if !FileManager.default.fileExists(atPath: file) { try model.write(to: file) }
        try? FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        let yaml = """
            version: 1
            name: train
            state: \(folder)/state
            providers:
              inference:
                - {provider_id: cpu, provider_type: inline::cpu, config: {threads: 1}}
              post_training:
                - provider_id: trainer
                  provider_type: inline::cpu
                  config: {threads: 1, file_roots: [\(folder)/data]\(config)}
            \(providers)
            models:
              - {model_id: tiny, provider_id: cpu, path: \(file), aliases: [small]}
            \(models)
            """
        manifest = try Manifest.parse(Array(yaml.utf8), file: "train.yaml", directory: "/", environment: [:])
        running = Mutex(try await Stack.start(manifest))
    }

    func stop() async { await stack.shutdown(withinSeconds: 20) }

    /// Stops everything, and starts it again on the same state.
    func restart() async throws {
        await stop()
        let next = try await Stack.start(manifest)
        running.withLock { $0 = next }
    }

    func call<Query, Body, Answer, Event>(
        _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body, principal: String = "",
        model resource: String? = nil
    ) async throws -> Answer {
        var request = CallRequest(callID: .random(in: 1..<1 << 62), method: endpoint.description.method)
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        request.principal = principal
        return try endpoint.decodeAnswer(
            try await stack.call(endpoint.description, resourceName: resource, request: request).collect())
    }

    func train(_ request: PostTrainingSFTRequest, principal: String = "") async throws {
        _ = try await call(
            PostTraining.supervisedFineTune, Nothing(), request, principal: principal, model: request.jobUUID)
    }

    func prefer(_ request: PostTrainingRLHFRequest) async throws {
        _ = try await call(PostTraining.preferenceOptimize, Nothing(), request, model: request.jobUUID)
    }

    func status(_ id: String, principal: String = "") async throws -> PostTrainingJobStatusResponse {
        try await call(PostTraining.jobStatus, JobQuery(jobUUID: id), Nothing(), principal: principal)
    }

    func jobs(principal: String = "") async throws -> [PostTrainingJob] {
        try await call(PostTraining.jobList, Nothing(), Nothing(), principal: principal)
    }

    func artifacts(_ id: String) async throws -> [Checkpoint] {
        try await call(PostTraining.jobArtifacts, JobQuery(jobUUID: id), Nothing()).checkpoints
    }

    func cancel(_ id: String) async throws {
        _ = try await call(PostTraining.jobCancel, JobQuery(jobUUID: id), Nothing())
    }

    /// The log up to its end.
    func log(_ id: String) async throws -> [String] {
        var request = CallRequest(callID: .random(in: 1..<1 << 62), method: PostTraining.jobLogs.description.method)
        request.parameters = PostTraining.jobLogs.encode(query: JobQuery(jobUUID: id))
        var lines: [String] = []
        for try await part in try stack.call(PostTraining.jobLogs.description, request: request) {
            lines += try PostTraining.jobLogs.decodeEvent(part.bytes).logLines
        }
        return lines
    }

    /// Returns once the log has a line that begins so.
    func wait(for beginning: String, _ id: String) async throws {
        var request = CallRequest(callID: .random(in: 1..<1 << 62), method: PostTraining.jobLogs.description.method)
        request.parameters = PostTraining.jobLogs.encode(query: JobQuery(jobUUID: id))
        for try await part in try stack.call(PostTraining.jobLogs.description, request: request) {
            let lines = try PostTraining.jobLogs.decodeEvent(part.bytes).logLines
            if lines.contains(where: { $0.hasPrefix(beginning) }) { return }
        }
        Issue.record("no line '\(beginning)'")
    }

    /// What the newest checkpoint holds of what was trained.
    func weights(_ id: String) async throws -> Data {
        let last = try #require(try await artifacts(id).last)
        let folder = try #require(URL(string: last.path.string)).path
        for name in ["adapter_model.safetensors", "model.gguf"] {
            if let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") { return bytes }
        }
        throw ProviderError(.notFound, "\(folder) has no weights")
    }

    func chat(_ model: String, _ text: String) async throws -> String {
        let request = ChatCompletionRequest(
            model: InstructModel(rawValue: model), dialog: Dialog(message: Message(role: .user, content: .text(text))),
            maxTokens: 8)
        let answer = try await call(Inference.chatCompletion, Nothing(), request, model: model)
        guard case .text(let said) = answer.content else { return "" }
        return said
    }
}

/// A folder with a tiny model, `state`, and `data` as the only file root.
/// - Parameter config: members of the trainer's, each after a comma.
func withTraining<Result>(
    _ config: String = "", model: TinyModel = TinyModel(), providers: String = "", models: String = "",
    _ body: (TrainingServer) async throws -> Result
) async throws -> Result {
    let folder =
        FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/training-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await TrainingServer(
        folder: folder, config: config, model: model, providers: providers, models: models)
    do {
        let result = try await body(server)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}

/// The error that a request fails with; nil when it did not fail.
func refusal(_ body: () async throws -> Void) async -> CallError? {
    do {
        try await body()
        return nil
    } catch { return error as? CallError }
}
