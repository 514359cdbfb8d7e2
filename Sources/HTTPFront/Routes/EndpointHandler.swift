import Foundation
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI

/// Serves one endpoint: reads the request, finds what routing needs without decoding the rest, starts the call, and
/// passes the answer on. A client that leaves cancels the call.
struct EndpointHandler: HTTPResponder {
    typealias Context = FrontContext
    let endpoint: EndpointDescription
    /// The one of its routes that this handler is at.
    let route: EndpointDescription.Route
    let stack: Stack
    let bodyBytesMax: Int
    let budget: BodyBudget
    let drain: Drain

    func respond(to request: Request, context: FrontContext) async throws -> Response {
        guard !drain.hasBegun else { throw Drain.refusal }
        var query = try QueryParameters(request, of: endpoint, on: route)
        let options = try self.options(of: request)
        let share = budget.share()
        if route.takesParametersInBody {
            let body = try await BodyReader.read(request, bytesMax: bodyBytesMax, share: share)
            try query.add(body: body, of: endpoint)
        }
        var call = CallRequest(method: endpoint.method)
        if !query.object.isEmpty { call.parameters = JSON.object(query.object).bytes }
        call.body = try await body(of: request, query, share)
        call.options = options
        call.providerID = query.providerID
        call.requestID = context.requestID
        let presence = try context.presence()
        // Scans the body, and copies it for the provider.
        let (answer, scan) = try await OffPool.run(bytes: call.body.count) {
            [call] () throws -> (Answer, RequestScan?) in
            let scan = try self.scan(call.body)
            // A body whose client has left may look complete.
            guard !presence.isGone else { throw CallError(.cancelled, "the client left") }
            return (try stack.call(endpoint, resourceName: resourceName(in: scan), request: call), scan)
        }

        // The provider has its copy: a large one is not held twice.
        call.body = []
        let running = try RunningCall(answer, presence: presence, drain: drain, body: share)
        let sender = AnswerSender(call: running, requestID: context.requestID, logger: context.logger)
        let streams = endpoint.streaming == .always || (endpoint.streaming == .onRequest && scan?.stream == true)
        if streams { return try await sender.eventStream() }
        return try await sender.whole(endpoint.answerFormat, asArray: wantsArray(request))
    }

    /// A provider refuses an option that it does not support: a retry that is not known as one would act twice.
    private func options(of request: Request) throws(CallError) -> JSONObject {
        let given = request.headers[values: .idempotencyKey]
        guard !given.isEmpty else { return JSONObject() }
        guard given.count == 1, let key = IdempotencyKey(given[0]) else {
            throw CallError(
                .badRequest, "the request may have one \(IdempotencyKey.header), of \(IdempotencyKey.wanted)",
                field: IdempotencyKey.option)
        }
        return [IdempotencyKey.option: .string(key.text)]
    }

    private func body(
        of request: Request, _ query: QueryParameters, _ share: BodyBudget.Share
    ) async throws -> [UInt8] {
        guard endpoint.body != nil else { return [] }
        if !query.bodyItems.isEmpty { return JSON.array(query.bodyItems.map { .string($0) }).bytes }
        return try await BodyReader.read(request, bytesMax: bodyBytesMax, share: share)
    }

    private func scan(_ body: [UInt8]) throws(CallError) -> RequestScan? {
        guard endpoint.body != nil else { return nil }
        do throws(JSONError) {
            return try RequestScan(
                body, limits: JSONLimits(bodyBytesMax: bodyBytesMax),
                field: endpoint.routingKey.listedKind?.requestField)
        } catch {
            throw CallError(error.code, error.description)
        }
    }

    private func resourceName(in scan: RequestScan?) throws(CallError) -> String? {
        guard let field = endpoint.routingKey.listedKind?.requestField else { return nil }
        guard scan?.top == .object else { throw CallError(.invalidRequest, "the body must be an object") }
        guard let name = scan?.string else {
            throw CallError(.invalidRequest, "\(field) is required and must be a string", field: field)
        }
        return name
    }

    /// JSON Lines unless the client asks for JSON and not for lines.
    private func wantsArray(_ request: Request) -> Bool {
        guard let accept = request.headers.value(.accept)?.lowercased() else { return false }
        return accept.contains("application/json") && !accept.contains("jsonl") && !accept.contains("*/*")
    }
}
