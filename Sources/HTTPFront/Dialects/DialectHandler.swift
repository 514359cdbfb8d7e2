import Dialects
import Foundation
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Serves one route of a dialect: reads the request, has it translated, and frames the answer. Errors that it throws
/// take the dialect's form outside.
struct DialectHandler: HTTPResponder {
    typealias Context = FrontContext
    let dialect: Dialect
    let endpoint: DialectEndpoint
    let stack: Stack
    /// The part of each path before the dialect's own.
    let pathPrefix: String
    let bodyBytesMax: Int
    let budget: BodyBudget
    let drain: Drain
    /// When the server began to serve, since 1970.
    let startSeconds: Int
    /// The dialect's, as a name.
    let timeHeader: HTTPField.Name?

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        let start = ContinuousClock.now
        guard !drain.hasBegun else { throw Drain.refusal }
        let path = pathPrefix.isEmpty ? request.uri.path : String(request.uri.path.dropFirst(pathPrefix.count))
        guard let parameters = endpoint.paths.lazy.compactMap({ $0.match(path) }).first else {
            throw CallError(.routeNotFound, "the path is not percent-encoded UTF-8")
        }
        let share = budget.share()
        let body =
            endpoint.body == nil
            ? [] : try await BodyReader.read(request, bytesMax: bodyBytesMax, share: share)
        let presence = try context.presence()
        let prepared = try await OffPool.run(bytes: body.count) {
            let json = endpoint.body == nil ? .null : try parse(body)
            guard !presence.isGone else { throw CallError(.cancelled, "the client left") }
            return try endpoint.prepare(DialectRequest(parameters: parameters, body: json))
        }
        let caller = StackCaller(
            stack: stack, presence: presence, drain: drain, share: share, requestID: context.requestID,
            logger: context.logger, startSeconds: startSeconds)
        var response: Response
        switch try await prepared.run(caller) {
        case .json(let bytes):
            response = Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .events(let send): response = stream(send, context)
        }
        if !prepared.ignoredFields.isEmpty {
            response.headers[.ignoredFields] = Self.list(prepared.ignoredFields)
            context.logger.debug(
                "\(prepared.ignoredFields.count) fields of the request have no effect; X-Ignored-Fields names them",
                metadata: RequestID.metadata(context.requestID))
            // Never by name: those are the client's own text.
            stack.count(
                "ignored_fields_total", by: prepared.ignoredFields.count,
                labels: ["dialect": dialect.name, "method": endpoint.method], source: "http")
        }
        if let timeHeader {
            response.headers[timeHeader] = String(Int(((ContinuousClock.now - start) / .milliseconds(1)).rounded()))
        }
        return response
    }

    private func parse(_ body: [UInt8]) throws -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: body, limits: JSONLimits(bodyBytesMax: bodyBytesMax))
        } catch {
            throw CallError(error.code, "the body is \(error)")
        }
    }

    private func stream(
        _ send: @escaping @Sendable (any EventOutput) async throws -> Void, _ context: FrontContext
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .buffering: "no"],
            body: ResponseBody { writer in
                let output = FramedOutput(writer, endpoint.framing)
                do {
                    try await send(output)
                    try await output.finish()
                } catch let error as DialectError where error.code != .cancelled {
                    try await output.fail(dialect.errorBody(error))
                }
                try await output.close()
            })
    }

    /// The client's own text in a header: only what can be the name of a field, and not without end.
    private static func list(_ fields: [String]) -> String {
        let names = fields.prefix(namesMax).map { name in
            name.utf8.count <= 64 && name.utf8.allSatisfy(plain.contains) ? name : "?"
        }
        return names.joined(separator: ", ") + (fields.count > namesMax ? ", +\(fields.count - namesMax)" : "")
    }

    private static let namesMax = 32
    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
}
