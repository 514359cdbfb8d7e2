import Host
import LlamaStackAPI

/// Requests that the checks send.
struct SampleRequests {
    let descriptor: ProviderDescriptor
    /// The id of a model that was registered, or a made-up one.
    let model: String

    /// A valid request that asks for a stream, when the API is one of those that have a known sample.
    var streaming: CallRequest? {
        guard descriptor.api == API.inference.rawValue else { return nil }
        if descriptor.method("chat_completion")?.streams == true {
            let body: JSON = [
                "model": .string(model), "stream": true,
                "dialog": ["message": ["role": "user", "content": "Please count from one to twenty in words."]],
            ]
            return request("chat_completion", body.bytes)
        }
        guard descriptor.method("completion")?.streams == true else { return nil }
        let body: JSON = [
            "model": .string(model), "stream": true, "content": "One, two, three, four, five, six, seven, eight,",
        ]
        return request("completion", body.bytes)
    }

    /// The methods that take a JSON object.
    var methodsWithBody: [String] {
        descriptor.methods.map(\.name).filter { name in
            guard let api = API(rawValue: descriptor.api), let endpoint = Endpoints.find(api, name) else {
                return false
            }
            return endpoint.body.map(Self.isClosedObject) ?? false
        }
    }

    private static func isClosedObject(_ schema: Schema) -> Bool {
        switch schema {
        case .record(let record): !record.isOpen
        case .named(_, _, let schema): isClosedObject(schema)
        default: false
        }
    }

    /// Whatever the method takes, this is not a field of it.
    func unknownField(_ method: String) -> CallRequest {
        var body: JSONObject = ["conformance_unknown_field": 1]
        if method == "chat_completion" || method == "completion" { body["model"] = .string(model) }
        if method == "chat_completion" { body["dialog"] = ["message": ["role": "user", "content": "hello"]] }
        if method == "completion" { body["content"] = "hello" }
        return request(method, JSON.object(body).bytes)
    }

    func notJSON(_ method: String) -> CallRequest { request(method, Array("this is not JSON".utf8)) }

    var unknownMethod: CallRequest { request("conformance_unknown_method", Array("{}".utf8)) }

    var unknownKind: CallRequest {
        request("register", JSON.object(["kind": "conformance_unknown_kind", "id": "x"]).bytes)
    }

    private func request(_ method: String, _ body: [UInt8]) -> CallRequest {
        var request = CallRequest(method: method)
        request.body = body
        request.resource = method == "register" ? "" : model
        request.requestID = "conformance"
        return request
    }
}
