import LlamaStackAPI
import Synchronization
import Testing

@testable import Dialects

/// Answers from a script, and remembers what it was asked.
final class FakeCaller: Caller, Sendable {
    struct Call: Sendable {
        var method: String
        var model: String?
        var body: JSON
        var options: JSONObject
    }

    let models: [ListedModel]
    let seconds = 1_700_000_000
    private let events: [JSON]
    private let answer: JSON
    private let error: DialectError?
    private let options: Set<String>
    private let made = Mutex<[Call]>([])
    private let ids = Mutex(0)

    /// - Parameters:
    ///   - events: of a call that streams, each in a batch of its own.
    ///   - options: that the provider supports.
    ///   - error: ends each call, after its events.
    init(
        _ events: [JSON] = [], answer: JSON = .null, options: Set<String> = ["extended"], error: DialectError? = nil,
        models: [ListedModel] = []
    ) {
        (self.events, self.answer, self.options, self.error, self.models) = (events, answer, options, error, models)
    }

    var calls: [Call] { made.withLock { $0 } }

    func answer<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> Answer {
        note(endpoint.description, body.json, model, options)
        if let error { throw error }
        return try Answer(json: answer == .null ? wholeAnswer : answer, at: .root)
    }

    /// The whole answer that the events are the parts of.
    private var wholeAnswer: JSON {
        var whole = JSONObject()
        var (text, reasoning) = ("", "")
        var calls: [JSON] = []
        for event in events {
            text += event["text_delta"]?.stringValue ?? ""
            reasoning += event["reasoning"]?.stringValue ?? ""
            if let call = event["tool_call"], call != .null { calls.append(call) }
            for key in ["stop_reason", "usage"] where event[key] != nil { whole[key] = event[key] }
        }
        whole["content"] = .string(text)
        if !calls.isEmpty { whole["tool_calls"] = .array(calls) }
        if !reasoning.isEmpty { whole["reasoning"] = .string(reasoning) }
        return .object(whole)
    }

    func events<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> EventReader<Event> {
        note(endpoint.description, body.json, model, options)
        let left = Mutex(events[...])
        let (error, rest) = (error, Left(left))
        return try await EventReader {
            guard let next = rest.value.withLock({ $0.popFirst() }) else {
                if let error { throw error }
                return nil
            }
            return [try Event(json: next, at: .root)]
        }
    }

    private final class Left: Sendable {
        let value: Mutex<ArraySlice<JSON>>
        init(_ value: consuming sending Mutex<ArraySlice<JSON>>) { self.value = value }
    }

    private func note(_ endpoint: EndpointDescription, _ body: JSON, _ model: String?, _ options: JSONObject) {
        made.withLock { $0.append(Call(method: endpoint.method, model: model, body: body, options: options)) }
    }

    func supports(_ option: String, _ endpoint: EndpointDescription, model: String) -> Bool { options.contains(option) }

    func uniqueID(_ prefix: String) -> String {
        prefix
            + String(
                ids.withLock { count in
                    count += 1
                    return count
                })
    }
}

/// The events of an answer.
final class Events: EventOutput, Sendable {
    private let all = Mutex<[String]>([])
    private let pinged = Mutex(0)

    var sent: [String] { all.withLock { $0 } }
    var pings: Int { pinged.withLock { $0 } }

    func send(_ events: [[UInt8]]) async throws {
        all.withLock { $0 += events.map { String(decoding: $0, as: UTF8.self) } }
    }

    func ping() async throws { pinged.withLock { $0 += 1 } }
}

extension DialectEndpoint {
    /// The whole answer to a body.
    func whole(_ body: JSON, _ caller: FakeCaller) async throws -> JSON {
        guard case .json(let bytes) = try await answer(body, caller) else {
            Issue.record("the answer is a stream")
            return .null
        }
        return try JSON(parsing: bytes)
    }

    /// The events of the answer to a body.
    func events(_ body: JSON, _ caller: FakeCaller) async throws -> [String] {
        guard case .events(let send) = try await answer(body, caller) else {
            Issue.record("the answer is whole")
            return []
        }
        let events = Events()
        try await send(events)
        return events.sent
    }

    func answer(_ body: JSON, _ caller: FakeCaller) async throws -> DialectAnswer {
        try await prepare(DialectRequest(body: body)).run(caller)
    }
}
