import Foundation
import Host
import HTTPTypes
import Hummingbird
import LlamaStackAPI
import Logging

/// The outermost layer: gives each request its id, turns every error into its answer, and writes one line to the access
/// log when the answer has ended. Never a body, never a query.
struct RequestLog: RouterMiddleware {
    typealias Context = FrontContext
    let logger: Logger

    func handle(
        _ request: Request, context: FrontContext, next: (Request, FrontContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        context.requestID = Self.requestID(of: request)
        context.logger[metadataKey: "request_id"] = .string(context.requestID)

        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let error = Self.stackError(error)
            if error.code.httpStatus == 500 { context.logger.error("\(error.message)") }
            response = Response(error, requestID: context.requestID)
        }
        response.headers[.requestID] = context.requestID
        // An answer that closes the connection is the last one on it.
        if request.headers[.connection]?.lowercased() == "close" { response.headers[.connection] = "close" }

        let status = response.status.code
        let path = context.endpointPath ?? "-"
        let log: @Sendable (Int?, Bool) -> Void = { [logger, requestID = context.requestID] bytes, whole in
            let took = (ContinuousClock.now - start) / .milliseconds(1)
            var line = "\(request.method.rawValue) \(path) \(status)"
            if let bytes { line += " \(bytes)B" }
            line += String(format: " %.1fms", took)
            if !whole { line += " cut" }
            logger.info("\(line)", metadata: ["request_id": .string(requestID)])
        }
        if let length = response.body.contentLength {
            log(length, true)
        } else {
            let body = response.body
            response.body = ResponseBody { writer in
                do {
                    try await body.write(writer)
                } catch {
                    log(nil, false)
                    throw error
                }
                log(nil, true)
            }
        }
        return response
    }

    /// Everything that can come out of a handler, as one kind of error.
    private static func stackError(_ error: any Error) -> StackError {
        switch error {
        case let error as StackError: error
        case let error as HTTPError where error.status == .notFound:
            StackError(.routeNotFound, "there is no such route; `llama-stack list routes` shows them")
        case let error as HTTPError where error.status == .contentTooLarge:
            StackError(.bodyTooLarge, "the body is too large")
        case is CancellationError: StackError(.cancelled, "the client left")
        default: StackError(.internal, "\(error)")
        }
    }

    private static func requestID(of request: Request) -> String {
        if let given = request.headers[.requestID], (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy({ Self.plain.contains($0) })
        {
            return given
        }
        var random = SystemRandomNumberGenerator()
        let hex = String(random.next() as UInt64, radix: 16)
        return "req_" + String(repeating: "0", count: 16 - hex.count) + hex
    }

    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:".utf8)
}
