import Host
import Hummingbird
import LlamaStackAPI

enum Health {
    /// The process answers.
    static let live = CallbackResponder<FrontContext> { _, _ in answer(.ok, "ok") }

    /// The next request will be served; 503 once it drains.
    static func ready(_ drain: Drain) -> CallbackResponder<FrontContext> {
        CallbackResponder { _, _ in
            drain.hasBegun ? answer(.serviceUnavailable, "draining") : answer(.ok, "ready")
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ word: String) -> Response {
        let body: JSON = ["status": .string(word)]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }
}
