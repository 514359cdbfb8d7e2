import CProviderABI
import LlamaStackAPI

/// Holds the answer to a sample against the endpoint.
enum AnswerJudge {
    /// Throws what is wrong with the answer to a sample.
    static func check(_ call: CallRecord, _ request: ProbeRequest, _ endpoint: EndpointDescription) throws(CheckFailure)
    {
        try refusal(call, endpoint)
        if request.streams { try stream(call, endpoint) } else { try whole(call, endpoint) }
    }

    /// It was refused because of the model or shield that it names.
    static func isAboutResource(_ call: CallRecord, _ endpoint: EndpointDescription) -> Bool {
        if call.status == Int32(LSP_NOT_FOUND) { return true }
        guard let field = endpoint.routingKey.listedKind?.requestField else { return false }
        return call.status == Int32(LSP_INVALID) && (try? JSON(parsing: call.error))?["field"]?.stringValue == field
    }

    /// A valid sample may be refused for what the kit can't know, and for nothing else.
    private static func refusal(_ call: CallRecord, _ endpoint: EndpointDescription) throws(CheckFailure) {
        let what = "the sample was refused with \(call.errorText)"
        let kind = endpoint.routingKey.listedKind
        switch Int(call.status) {
        case LSP_OK: return
        case LSP_UNSUPPORTED: throw CheckFailure("'methods' names it; \(what)")
        case LSP_INVALID where isAboutResource(call, endpoint):
            throw CheckFailure.skip("\(what); give it a \(kind?.title ?? "") for this method with --resource")
        case LSP_BAD_REQUEST, LSP_INVALID:
            let codes = [ErrorCode.invalidRequest, .invalidJSON, .badRequest, .jsonTooDeep].map(\.code)
            if let code = call.errorCode, !codes.contains(code) { throw CheckFailure.skip(what) }
            throw CheckFailure("the sample is valid; \(what)")
        case LSP_NOT_FOUND where kind != nil:
            throw CheckFailure.skip("\(what); give it a \(kind?.title ?? "") with --resource")
        case LSP_NOT_FOUND, LSP_BUSY, LSP_UNAVAILABLE, LSP_TIMEOUT, LSP_STORAGE_FULL: throw CheckFailure.skip(what)
        default: throw CheckFailure("the sample is valid; \(what)")
        }
    }

    private static func whole(_ call: CallRecord, _ endpoint: EndpointDescription) throws(CheckFailure) {
        if call.isEvents {
            throw CheckFailure("a whole answer came as LSP_EVENT; it is LSP_BODY without \"stream\": true")
        }
        if let what = AnswerFormatCheck.problem(ofAnswer: call.body, endpoint) { throw CheckFailure(what) }
    }

    private static func stream(_ call: CallRecord, _ endpoint: EndpointDescription) throws(CheckFailure) {
        if call.isBody { throw CheckFailure("a stream came as LSP_BODY; with \"stream\": true it is LSP_EVENT") }
        let events = call.writes
        guard !events.isEmpty else { throw CheckFailure("the stream ended with LSP_OK and without an event") }
        guard let schema = endpoint.event else { return }
        for (index, event) in events.enumerated() {
            if let what = AnswerFormatCheck.problem(ofEvent: event, schema, index) { throw CheckFailure(what) }
        }
        // An agent's stream has several inferences in it.
        guard endpoint.api == .inference, endpoint.event.map(hasStopReason) == true else { return }
        let ends = events.indices.filter { isLast(events[$0]) }
        guard let end = ends.first else {
            throw CheckFailure("no event has a \"stop_reason\" that says how the stream ended; the last one must")
        }
        guard end == events.count - 1 else {
            throw CheckFailure(
                "\(events.count - 1 - end) events came after the one with the \"stop_reason\", which is the last")
        }
    }

    private static func isLast(_ event: [UInt8]) -> Bool {
        guard let reason = (try? JSON(parsing: event))?["stop_reason"]?.stringValue else { return false }
        return reason != StopReason.notStopped.rawValue
    }

    private static func hasStopReason(_ schema: Schema) -> Bool {
        switch schema {
        case .record(let record): record.properties.contains { $0.key == "stop_reason" }
        case .named(_, _, let inner): hasStopReason(inner)
        default: false
        }
    }
}
