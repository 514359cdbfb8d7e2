import Foundation
import LlamaStackAPI
import Runtimes

/// Requests that every provider of an API must be able to answer.
struct SampleRequests {
    let descriptor: ProviderDescriptor
    private let context: CheckContext
    /// The model or shield that samples name.
    private var named: [ResourceKind: String] = [:]
    /// Ids of the kit's own, new for each process: what a provider keeps may outlive it.
    let id = "conformance-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    init(_ context: CheckContext, _ descriptor: ProviderDescriptor) {
        (self.descriptor, self.context) = (descriptor, context)
    }

    /// The ids of the resources of a kind that were registered.
    func ids(of kind: ResourceKind) -> [String] { context.ids(of: kind) }

    /// The one that samples name: the first that was registered, unless another was chosen, or a made-up one.
    func named(_ kind: ResourceKind) -> String { named[kind] ?? ids(of: kind).first ?? "conformance" }

    private var model: String { named(.model) }

    /// The resource that the host sends with a sample.
    func resource(_ method: String) -> String {
        endpoint(method)?.routingKey.listedKind.map(named) ?? ""
    }

    var api: API? { API(rawValue: descriptor.api) }

    func endpoint(_ method: String) -> EndpointDescription? { api.flatMap { Endpoints.find($0, method) } }

    /// Only of methods that the provider names.
    func has(_ method: String) -> Bool { descriptor.method(method) != nil }

    // MARK: what can be asked without anything before it

    /// The methods whose sample stands for itself: no bank, agent or job has to be there first.
    var independentMethods: [String] {
        descriptor.methods.map(\.name).filter { method in
            guard let endpoint = endpoint(method) else { return false }
            switch endpoint.routingKey {
            case .none, .listed, .all, .toolList: return true
            case .resource, .creation, .tool: return false
            }
        }
    }

    /// A request that the method must answer.
    ///
    /// - Parameters:
    ///   - streams: where the answer is to come as events.
    ///   - tokensMax: of an answer that a model writes; nil for as many as the sample asks for.
    func request(_ method: String, streams: Bool = false, tokensMax: Int64? = nil) -> ProbeRequest? {
        guard let endpoint = endpoint(method) else { return nil }
        var body = self.body(method) ?? endpoint.body.map { Samples.sample(for: $0, isMinimal: true) }
        if case .object(var object)? = body {
            if streams { object["stream"] = true }
            if let tokensMax, object["max_tokens"] != nil { object["max_tokens"] = .integer(tokensMax) }
            body = .object(object)
        }
        let parameters = Samples.sample(of: endpoint.query, isMinimal: true)
        return ProbeRequest(
            method, body, parameters: parameters, resource: resource(method),
            streams: streams || endpoint.streaming == .always)
    }

    /// A request that is answered by a stream which is long enough to be cancelled, where the provider has one.
    var streaming: ProbeRequest? { streaming(tokensMax: nil) }

    /// The same with an answer of a few tokens, for checks that make many calls.
    var briefStreaming: ProbeRequest? { streaming(tokensMax: 4) }

    private func streaming(tokensMax: Int64?) -> ProbeRequest? {
        for method in ["chat_completion", "completion"] where descriptor.method(method)?.streams == true {
            if api == .inference { return request(method, streams: true, tokensMax: tokensMax) }
        }
        return nil
    }

    /// The same with what must be made first: of an API whose streams are about something that is kept.
    var streamingAfterwards: (first: ProbeRequest, then: ProbeRequest)? {
        guard api == .agenticSystem, has("create"), descriptor.method("execute")?.streams == true else { return nil }
        let turn: JSON = [
            "agent_uuid": .string(id), "messages": [["role": "user", "content": "Count to twenty."]], "stream": true,
        ]
        return (ProbeRequest("create", agent), ProbeRequest("execute", turn, streams: true))
    }

    /// An agent to make.
    var agent: JSON { ["uuid": .string(id), "instructions": "Answer in one word.", "model": .string(model)] }

    private func body(_ method: String) -> JSON? {
        let words = "Please count from one to twenty in words. \(HostRecord.canary)"
        let message: JSON = ["role": "user", "content": .string(words)]
        let dialog: JSON = ["message": message]
        switch (api, method) {
        case (.inference?, "chat_completion"): return ["model": .string(model), "dialog": dialog, "max_tokens": 24]
        case (.inference?, "completion"):
            return [
                "model": .string(model), "max_tokens": 24,
                "content": .string("One, two, three, four, five, six, seven, \(HostRecord.canary)"),
            ]
        case (.inference?, "batch_chat_completion"):
            return ["model": .string(model), "batch_dialogs": [dialog, dialog], "max_tokens": 8]
        case (.inference?, "batch_completion"):
            return ["model": .string(model), "content_batch": ["one", "two"], "max_tokens": 8]
        case (.inference?, "embeddings"): return ["model": .string(model), "contents": ["one", "two"]]
        case (.inference?, "score"):
            return ["model": .string(model), "dialog": dialog, "continuations": ["One.", "Two."]]
        case (.rewardScoring?, "score"):
            let candidate = { (text: String) -> JSON in
                ["role": "assistant", "content": .string(text)]
            }
            return [
                "model": .string(model),
                "prompt_generations": [
                    ["dialog": dialog, "k_generations": [candidate("One."), candidate("Two, three.")]]
                ],
            ]
        case (.syntheticDataGeneration?, "generate"): return ["prompts": [message]]
        case (.safety?, "run_shield"): return ["shield_type": .string(named(.shield)), "messages": [message]]
        default: return nil
        }
    }

    /// The same once for each model or shield.
    func requests(_ method: String, streams: Bool = false) -> [ProbeRequest] {
        guard let kind = endpoint(method)?.routingKey.listedKind, !ids(of: kind).isEmpty else {
            return request(method, streams: streams).map { [$0] } ?? []
        }
        return ids(of: kind).compactMap { id in
            var samples = self
            samples.named[kind] = id
            return samples.request(method, streams: streams)
        }
    }

    // MARK: what must be refused

    /// The methods that take a JSON object.
    var methodsWithObject: [String] {
        descriptor.methods.map(\.name).filter { method in endpoint(method)?.body.map(Self.isClosedObject) ?? false }
    }

    private static func isClosedObject(_ schema: Schema) -> Bool {
        switch schema {
        case .record(let record): !record.isOpen
        case .named(_, _, let schema): isClosedObject(schema)
        default: false
        }
    }

    /// A sample with a field that the method does not have.
    func unknownField(_ method: String) -> ProbeRequest? {
        guard var request = request(method), case .object(var body)? = try? JSON(parsing: request.body) else {
            return nil
        }
        body["conformance_unknown_field"] = 1
        request.body = JSON.object(body).bytes
        return request
    }

    func notJSON(_ method: String) -> ProbeRequest? {
        guard var request = request(method) else { return nil }
        request.body = Array("this is not JSON".utf8)
        return request
    }

    /// A sample with an option that no provider supports.
    func unknownOption(_ method: String) -> ProbeRequest? {
        guard var request = request(method) else { return nil }
        request.options = ["conformance_unknown_option": true]
        return request
    }

    static let unknownMethod = ProbeRequest("conformance_unknown_method", [:])
    static let unknownKind = ProbeRequest("register", ["kind": "conformance_unknown_kind", "id": "x"])
}

extension CheckContext {
    /// An instance and the samples for it.
    func withSamples(
        isGuarded: Bool = false, _ body: (ProbeInstance, SampleRequests) throws(CheckFailure) -> Void
    ) throws(CheckFailure) {
        try withInstance(isGuarded: isGuarded) { instance throws(CheckFailure) in
            try body(instance, SampleRequests(self, instance.descriptor))
        }
    }
}
