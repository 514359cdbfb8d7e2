import Foundation
import ProviderKit
import Synchronization

@testable import InferenceCPU

/// A provider with one model, "m", and calls to it. The file is deleted once it is loaded: the mapping stays.
struct ServedModel {
    let provider: CPUProvider<OwnKernels>

    init(
        _ model: ScriptedModel, config: JSON = ["threads": 1],
        bytesFree: @escaping @Sendable () -> Int? = { Machine.bytesFree }
    ) async throws {
        provider = try await CPUProvider<OwnKernels>(
            configuration: CPUConfiguration(json: config, at: .root), context: ProviderContext(providerID: "cpu"),
            bytesFree: bytesFree)
        try await register(model, as: "m")
    }

    func register(_ model: ScriptedModel, as id: String) async throws {
        let file = try model.write()
        defer { try? FileManager.default.removeItem(at: file) }
        try await provider.register(Resource(kind: "model", id: id, path: file.path))
    }

    func loaded(_ id: String = "m") throws -> LoadedModel { try provider.model(for: Self.call(id)) }

    static func call(_ id: String = "m", options: JSONObject = [:]) -> Call { Call(resource: id, options: options) }

    static func request(
        _ text: Content = "hi", tools: [ToolDefinition] = [], sampling: SamplingParams = SamplingParams(),
        maxTokens: Int = 0,
        logprobs: Bool = false
    ) -> ChatCompletionRequest {
        ChatCompletionRequest(
            model: InstructModel(rawValue: "m"), dialog: Dialog(message: Message(role: .user, content: text)),
            samplingParams: sampling, availableTools: tools, maxTokens: maxTokens, logprobs: logprobs)
    }

    static func request(
        completing text: Content, sampling: SamplingParams = SamplingParams(), maxTokens: Int = 0,
        logprobs: Bool = false
    ) -> CompletionRequest {
        CompletionRequest(
            content: text, model: PretrainedModel(rawValue: "m"), samplingParams: sampling, maxTokens: maxTokens,
            logprobs: logprobs)
    }

    func chat(
        _ request: ChatCompletionRequest = Self.request(), model: String = "m", options: JSONObject = [:]
    ) async throws -> ChatCompletionResponse {
        try await provider.chatCompletion(request, Self.call(model, options: options))
    }

    func chatChunks(
        _ request: ChatCompletionRequest = Self.request(), options: JSONObject = [:]
    ) async throws -> [ChatCompletionResponseStreamChunk] {
        let chunks = Kept<ChatCompletionResponseStreamChunk>()
        try await provider.chatCompletion(
            request, Self.call(options: options), streamingTo: EventStream { chunks.append($0) })
        return chunks.all
    }

    func complete(
        _ request: CompletionRequest = Self.request(completing: "hi"), options: JSONObject = [:]
    ) async throws -> CompletionResponse {
        try await provider.completion(request, Self.call(options: options))
    }

    func completionChunks(_ request: CompletionRequest) async throws -> [CompletionResponseStreamChunk] {
        let chunks = Kept<CompletionResponseStreamChunk>()
        try await provider.completion(request, Self.call(), streamingTo: EventStream { chunks.append($0) })
        return chunks.all
    }
}

/// What came, in order.
final class Kept<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    var all: [Value] { values.withLock { $0 } }

    func append(_ value: Value) { values.withLock { $0.append(value) } }
}

/// Opened once; waiting tasks then go on.
final class Door: Sendable {
    private let opened: AsyncStream<Void>
    private let handle: AsyncStream<Void>.Continuation

    init() { (opened, handle) = AsyncStream.makeStream() }

    func open() { handle.finish() }
    func wait() async { for await _ in opened {} }
}
