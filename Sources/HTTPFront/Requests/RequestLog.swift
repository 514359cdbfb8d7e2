import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import Logging
import Synchronization

/// The outermost layer: gives each request its id and its connection's monitor, and writes one line to the access log
/// when the answer has ended. Never a body, never a query.
struct RequestLog: RouterMiddleware {
    typealias Context = FrontContext
    let logger: Logger
    let monitors: ConnectionMonitors

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        context.requestID = RequestID.of(request.headers.value(.requestID))
        context.monitor = monitors[context.channel]

        var response = try await next(request, context)
        // Errors too have no body then.
        if request.method == .head { response = response.createHeadResponse() }
        response.headers[.requestID] = context.requestID
        // An answer that closes the connection is the last one on it.
        if Self.closes(request) { response.headers[.connection] = "close" }

        // A line that is not written need not be counted for either.
        guard logger.logLevel <= .info else { return response }
        let line = AccessLine(
            logger: logger, requestID: context.requestID, start: start, method: request.method.rawValue,
            route: Self.path(context), status: response.status.code)
        let body = response.body
        if let length = body.contentLength {
            line.isWhole(bytes: length)
        } else {
            response.body = ResponseBody { writer in
                try await body.write(CountingWriter(base: writer, line: line))
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
        guard let connection = request.headers.value(.connection) else { return false }
        return connection.split(separator: ",").contains {
            $0.trimmingCharacters(in: .whitespaces).lowercased() == "close"
        }
    }
}

/// One line of the access log. It is written when the answer is released, whether or not anything of it could be sent;
/// "cut" says that it was not sent to its end. What the line says is in its metadata too, as values.
private final class AccessLine: Sendable {
    private let logger: Logger
    private let requestID: String
    private let start: ContinuousClock.Instant
    private let method: String
    private let route: String
    private let status: Int
    private let end = Mutex<(isWhole: Bool, bytes: Int)>((false, 0))

    init(
        logger: Logger, requestID: String, start: ContinuousClock.Instant, method: String, route: String, status: Int
    ) {
        (self.logger, self.requestID, self.start) = (logger, requestID, start)
        (self.method, self.route, self.status) = (method, route, status)
    }

    /// - Parameter bytes: of an answer that is sent at once.
    func isWhole(bytes: Int = 0) {
        end.withLock {
            $0.isWhole = true
            $0.bytes += bytes
        }
    }

    func isSent(bytes: Int) { end.withLock { $0.bytes += bytes } }

    deinit {
        let (isWhole, bytes) = end.withLock { $0 }
        logger.access(
            method: method, route: route, status: status, bytes: bytes,
            milliseconds: (ContinuousClock.now - start) / .milliseconds(1), isCut: !isWhole, requestID: requestID)
    }
}

/// Counts what is written of an answer.
private struct CountingWriter: ResponseBodyWriter {
    var base: any ResponseBodyWriter
    let line: AccessLine

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await base.write(buffer)
        line.isSent(bytes: buffer.readableBytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await base.finish(trailingHeaders) }
}
