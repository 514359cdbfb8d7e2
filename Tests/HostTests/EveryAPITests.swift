import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

@testable import Host

/// Providers of every API in one C library, and what tests ask them.
enum EveryAPI {
    static func library(_ macros: String...) throws -> String {
        try ProbeLibrary.build(macros, source: ProbeLibrary.root + "/Tests/Fixtures/providers/every-api.c")
    }

    /// A provider `c` of each of the APIs.
    static func providers(_ apis: [API] = API.allCases, library: String) -> String {
        apis.map { "  \($0.rawValue): [{provider_id: c, provider_type: inline::every, library: \(library)}]\n" }
            .joined()
    }

    static func start(
        _ apis: [API] = API.allCases, _ macros: String..., more: String = "", state: String? = nil,
        log: LogRecord = LogRecord(), callDepthMax: Int = Stack.callDepthMax
    ) async throws -> Stack {
        let library = try ProbeLibrary.build(
            macros, source: ProbeLibrary.root + "/Tests/Fixtures/providers/every-api.c")
        let yaml = """
            version: 1
            \(state.map { "state: \($0)" } ?? "")
            providers:
            \(providers(apis, library: library))
            \(more)
            """
        return try await Stack.start(
            try distribution(yaml), environment: [:], log: log.sink, callDepthMax: callDepthMax)
    }
}

extension Stack {
    /// A method of a provider, the table's or not, as the host itself would call it.
    func ask(
        _ api: API, _ method: String, _ body: String, requestID: String = "test"
    ) async throws(CallError) -> String {
        guard let instance = currentTable.instances.first(where: { $0.api == api }) else {
            throw CallError(.notFound, "no provider of \(api.rawValue)")
        }
        var request = CallRequest(callID: UInt64.random(in: 1 << 40...1 << 50), method: method)
        request.body = Array(body.utf8)
        request.requestID = requestID
        let queue = PartStream()
        instance.channel.invoke(request, into: queue)
        return String(decoding: try await Answer(queue) {}.collect(), as: UTF8.self)
    }

    /// One of the table's methods, as a client calls it.
    func call(_ api: API, _ method: String, named name: String? = nil, body: JSON = [:]) async throws -> [AnswerPart] {
        var request = CallRequest(method: method)
        request.body = body.bytes
        let answer = try call(
            try #require(Endpoints.find(api, method)), resourceName: name, request: request)
        var parts: [AnswerPart] = []
        while let more = try await answer.nextParts() { parts += more }
        return parts
    }

    func shutdown() async { await shutdown(withinSeconds: 5) }
}

struct EveryAPITests {
    @Test("a provider in C of each API is reached by every method of it", arguments: API.allCases)
    func reached(_ api: API) async throws {
        let resources =
            switch api {
            case .inference: "models: [{model_id: llama3_8b_chat, aliases: [llama3_8b, text]}]"
            case .safety: "shields: [{shield_id: llama_guard}]"
            case .tools: "tool_groups: [{tool_group_id: all}]"
            default: ""
            }
        let stack = try await EveryAPI.start([api], more: resources)
        for endpoint in api.endpoints {
            for isStreamed in endpoint.streaming == .onRequest ? [false, true] : [endpoint.streaming == .always] {
                let problem = try await problem(with: endpoint, isStreamed: isStreamed, stack)
                #expect(problem == nil, "\(endpoint.id)")
            }
        }
        await stack.shutdown()
    }

    /// nil when the endpoint takes a valid request and its answer fits its schema.
    private func problem(with endpoint: EndpointDescription, isStreamed: Bool, _ stack: Stack) async throws -> String? {
        var request = CallRequest(method: endpoint.method)
        request.parameters = Samples.sample(of: endpoint.query).bytes
        var body = endpoint.body.map { Samples.sample(for: $0) } ?? .null
        if isStreamed, case .object(var object) = body {
            object["stream"] = true
            body = .object(object)
        }
        request.body = endpoint.body == nil ? [] : body.bytes
        let name = endpoint.routingKey.listedKind?.requestField.flatMap { body[$0]?.stringValue }
        let answer = try stack.call(endpoint, resourceName: name, request: request)
        var bytes: [UInt8] = []
        for try await part in answer {
            guard case .event(let event) = part else {
                bytes += part.bytes
                continue
            }
            guard isStreamed, endpoint.event?.matches(try JSON(parsing: event)) == true else {
                return "event \(String(decoding: event, as: UTF8.self))"
            }
        }
        if isStreamed { return bytes.isEmpty ? nil : "a body beside events" }
        let text = String(decoding: bytes, as: UTF8.self)
        switch endpoint.answerFormat {
        case .empty: return bytes.isEmpty ? nil : text
        case .json: return endpoint.answer?.matches(try JSON(parsing: bytes)) == true ? nil : text
        case .jsonLines:
            let lines = try bytes.split(separator: 0x0A).map { try JSON(parsing: Array($0)) }
            return endpoint.answer?.matches(.array(lines)) == true ? nil : text
        }
    }

    @Test("a library built for 1.0 is loaded, and nothing past its struct is read")
    func old() async throws {
        let path = try EveryAPI.library("BUILT_FOR_1_0")
        let library = try PluginLibrary.load(path)
        #expect(library.description.abiMinor == 0)
        #expect(library.description.providers.allSatisfy { $0.resources == nil })
        let stack = try await EveryAPI.start([.inference], "BUILT_FOR_1_0", more: "models: [{model_id: m}]")
        #expect(try await stack.call(.inference, "completion", named: "m").count == 1)
        await stack.shutdown()
    }

    @Test("an agent's id that one provider has can't be made by another")
    func agents() async throws {
        let library = try EveryAPI.library()
        let yaml = """
            version: 1
            providers:
              agentic_system:
                - {provider_id: one, provider_type: inline::every, library: \(library)}
                - {provider_id: two, provider_type: inline::every, library: \(library)}
            """
        let stack = try await Stack.start(try distribution(yaml), environment: [:])
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(
                .agenticSystem, "create",
                body: ["uuid": "text", "instructions": "none", "model": "llama3_8b_chat"])
        }
        #expect(error?.code == .alreadyExists)
        #expect(error?.message == "agentic_system/two has 'text' already")
        await stack.shutdown()
    }

    // MARK: nesting

    private static let chain = "synthetic_data_generation reward_scoring inference"

    @Test("calls between providers go as deep as the limit")
    func nested() async throws {
        let stack = try await EveryAPI.start(callDepthMax: 3)
        #expect(try await stack.ask(.agenticSystem, "pass", Self.chain) == #""end""#)
        await stack.shutdown()
    }

    @Test("a call that lies deeper than the limit ends with call_loop, and the next chain starts anew")
    func tooDeep() async throws {
        let stack = try await EveryAPI.start(callDepthMax: 2)
        for _ in 0..<3 {
            let error = await #expect(throws: CallError.self) {
                _ = try await stack.ask(.agenticSystem, "pass", Self.chain)
            }
            #expect(error?.code == .callLoop)
            #expect(error?.code.httpStatus == 508)
            #expect(
                error?.message
                    == "reward_scoring called inference at a depth of more than 2 nested calls: "
                    + "do providers call each other in a circle?")
            #expect(
                try await stack.ask(.agenticSystem, "pass", "synthetic_data_generation reward_scoring") == #""end""#)
        }
        await stack.shutdown()
    }

    @Test("calls side by side are as deep as one of them")
    func sideBySide() async throws {
        let stack = try await EveryAPI.start(callDepthMax: 3)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await stack.ask(.agenticSystem, "pass", Self.chain) } }
            for try await answer in group { #expect(answer == #""end""#) }
        }
        await stack.shutdown()
    }
}
