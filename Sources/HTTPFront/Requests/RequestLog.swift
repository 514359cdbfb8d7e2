import Foundation
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import Logging
import Synchronization

/// The outermost layer: gives each request its id, and writes one line to the access log when the answer has ended.
/// Never a body, never a query.
struct RequestLog: RouterMiddleware {
    typealias Context = FrontContext
    let logger: Logger

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        context.requestID = RequestID.of(request.headers[.requestID])
        context.logger[metadataKey: "request_id"] = .string(context.requestID)

        var response = try await next(request, context)
        // Errors too have no body then.
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.requestID] = context.requestID
        // An answer that closes the connection is the last one on it.
        if Self.closes(request) { response.headers[.connection] = "close" }

        let line = AccessLine(
            logger: logger, requestID: context.requestID, start: start,
            text: "\(request.method.rawValue) \(Self.path(context)) \(response.status.code)")
        if let length = response.body.contentLength {
            line.isWhole(bytes: length)
        } else {
            let body = response.body
            response.body = ResponseBody { writer in
                try await body.write(writer)
                line.isWhole()
            }
        }
        return response
    }

    /// The route's; "-" where there is none, for then the path is the client's own text.
    private static func path(_ context: FrontContext) -> String {
        guard let path = context.endpointPath, path.hasPrefix("/") else { return "-" }
        return path
    }

    private static func closes(_ request: Request) -> Bool {
        (request.headers[.connection] ?? "").split(separator: ",").contains {
            $0.trimmingCharacters(in: .whitespaces).lowercased() == "close"
        }
    }
}

/// One line of the access log. It is written when the answer is released, whether or not anything of it could be sent;
/// "cut" says that it was not sent to its end.
private final class AccessLine: Sendable {
    private let logger: Logger
    private let requestID: String
    private let start: ContinuousClock.Instant
    private let text: String
    private let end = Mutex<(isWhole: Bool, bytes: Int?)>((false, nil))

    init(logger: Logger, requestID: String, start: ContinuousClock.Instant, text: String) {
        (self.logger, self.requestID, self.start, self.text) = (logger, requestID, start, text)
    }

    func isWhole(bytes: Int? = nil) { end.withLock { $0 = (true, bytes) } }

    deinit {
        let (isWhole, bytes) = end.withLock { $0 }
        let took = String(format: " %.1fms", (ContinuousClock.now - start) / .milliseconds(1))
        let size = bytes.map { " \($0)B" } ?? ""
        logger.info("\(text)\(size)\(took)\(isWhole ? "" : " cut")", metadata: ["request_id": .string(requestID)])
    }
}
