import Foundation
import ProviderKit
import Synchronization

/// A provider whose behaviour the words of the dialog's message choose.
struct Probe: InferenceProvider {
    struct Settings: WireRecord {
        var model: String
        var threads: Int
        var shards: [Shard]

        static let object = Object(
            "Settings", isComponent: false, Self.init,
            Field("model", \.model, "The model's file."),
            Field("threads", \.threads, default: 2, check: .atLeast(1), "How many threads."),
            Field("shards", \.shards, default: [], "More files."))
    }

    struct Shard: WireRecord {
        var path: String
        static let object = Object("Shard", isComponent: false, Self.init, Field("path", \.path))
    }

    static let providerType = "inline::probe"
    static let version = "0.1.0"
    static let summary = "For tests."
    static let needs: [API] = [.inference]
    static let resources: [ResourceKind]? = [.model]
    static let toldOf: [ResourceKind] = [.shield]
    static let unsupported: Set<String> = ["batch_completion", "embeddings", "score"]
    static let options: [String: Set<String>] = ["chat_completion": ["seed"]]

    let context: ProviderContext

    init(configuration: Settings, context: ProviderContext) async throws {
        self.context = context
        switch configuration.model {
        case "missing": throw ConfigurationError("/model", "no file at missing")
        case "slow": try await Task.sleep(for: .seconds(3600))
        default: break
        }
    }

    func register(_ resource: Resource) async throws {
        if let provider = resource.provider {
            return context.log.info("\(provider) serves \((resource.aliases ?? []) + [resource.id])")
        }
        guard resource.kind == "model" else { throw Self.refusal(of: resource) }
        if resource.config != nil { _ = try resource.configuration(as: Settings.self) }
        if resource.id == "purpose" { context.log.info("for \(context.purpose)") }
        context.log.info("registered \(resource.id)", ["path": resource.path ?? ""])
    }

    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        try await stream.send(CompletionResponseStreamChunk(textDelta: "", stopReason: .finishedOK))
    }

    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        guard case .text(let text) = request.dialog.message.content else { return }
        switch text.split(separator: " ").first.map(String.init) ?? "" {
        case "seed": try await stream.send(.init(textDelta: "\(try call.option("seed", as: Int.self) ?? -1)"))
        case "who":
            try await stream.send(.init(textDelta: "\(call.requestID) \(call.principal) \(call.resource)"))
        case "deadline": try await stream.send(.init(textDelta: call.deadline == nil ? "none" : "some"))
        case "sleep": try await Task.sleep(for: .seconds(3600))
        case "thread": try await stream.send(.init(textDelta: "\(pthread_self())"))
        case "compute":
            // Until it is cancelled, and never waits.
            while !Task.isCancelled {}
            throw CancellationError()
        case "many": for index in 0..<100 { try await stream.send(.init(textDelta: "\(index)")) }
        case "blocking":
            try await onThread { for index in 0..<100 { try stream.sendBlocking(.init(textDelta: "\(index)")) } }
        case "escape":
            // Breaks the rule that a stream is used until the method returns: the kit must keep it harmless.
            try await stream.send(.init(textDelta: "first"))
            Task.detached { while (try? await stream.send(.init(textDelta: "late"))) != nil {} }
        case "busy": throw ProviderError(.queueFull, "too many", retryAfterSeconds: 7)
        case "strange": throw Strange()
        case "quit": throw CancellationError()
        case "log":
            call.log.warning("hello", ["a": "b"])
            call.metrics.count("probes_total", ["kind": "log"])
        case "announce": try await context.announce(Resource(kind: "model", id: "new", path: "/new", base: "old"))
        case "withdraw":
            try await context.withdraw(.model, "new")
            try await context.withdraw(.model, "new", from: .rewardScoring)
        case "ask": try await ask(request, call, stream)
        default: try await stream.send(.init(textDelta: text))
        }
    }

    func shutdown() async { context.log.info("shut down") }

    /// Passes the request on to another provider and its events back.
    private func ask(
        _ request: ChatCompletionRequest, _ call: Call, _ stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        guard request.stream else {
            let answer = try await call.inference("other").chatCompletion(request)
            guard case .text(let text) = answer.content else { return }
            return try await stream.send(.init(textDelta: "they say \(text)"))
        }
        for try await chunk in try call.inference().chatCompletionEvents(request) { try await stream.send(chunk) }
    }

    private struct Strange: Error {}
}

/// Runs blocking work on a thread of its own.
func onThread(_ work: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

let probeModule = UncheckedSendable(exportProviders(Probe.self))

struct UncheckedSendable<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// A chat request whose message is `text`.
func chat(_ text: String, stream: Bool = false, more: String = "") -> String {
    """
    {"model": "llama3_8b_chat", "dialog": {"message": {"role": "user", "content": "\(text)"}, "message_history": []}, \
    "stream": \(stream)\(more)}
    """
}
