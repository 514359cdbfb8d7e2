import Host
import Hummingbird
import LlamaStackAPI

/// `/health/live`: the process answers. `/health/ready`: the next request will be served; 503 once it drains.
struct Health {
    let drain: Drain

    func add(to router: Router<FrontContext>) {
        router.get("/health/live") { _, _ in Self.answer(.ok, "ok") }
        router.get("/health/ready") { [drain] _, _ in
            drain.hasBegun ? Self.answer(.serviceUnavailable, "draining") : Self.answer(.ok, "ready")
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ word: String) -> Response {
        let body: JSON = ["status": .string(word)]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }
}
