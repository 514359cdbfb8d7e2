import Host
import Hummingbird
import LlamaStackAPI

enum Health {
    /// The process answers.
    static let live = CallbackResponder<FrontContext> { _, _ in answer(.ok, ["status": "ok"]) }

    /// The next request will be served; 503 once it drains, and while a provider that is not optional can't serve.
    static func ready(_ drain: Drain, _ stack: Stack) -> CallbackResponder<FrontContext> {
        CallbackResponder { _, _ in
            if drain.hasBegun { return answer(.serviceUnavailable, ["status": "draining"]) }
            let unready = stack.unready
            guard !unready.isEmpty else { return answer(.ok, ["status": "ready"]) }
            return answer(
                .serviceUnavailable, ["status": "degraded", "providers": .array(unready.map(\.json))])
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ body: JSON) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }
}
