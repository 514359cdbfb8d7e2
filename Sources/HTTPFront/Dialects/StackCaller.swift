import Dialects
import Foundation
import Host
import LlamaStackAPI
import Logging

/// Calls the draft's endpoints for a request in a dialect, as a request of the draft's would: the client's presence,
/// the drain and the request's id are theirs too.
struct StackCaller: Caller {
    let stack: Stack
    let presence: ConnectionMonitor
    let drain: Drain
    let share: BodyBudget.Share
    let requestID: String
    let logger: Logger
    let startSeconds: Int

    func answer<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> Answer {
        do {
            let answer = try await start(endpoint, body, model, options)
            // What has ended can be neither left nor cut.
            let bytes = answer.hasEnded ? try await answer.collect() : try await running(answer).collect()
            return try await OffPool.run(bytes: bytes.count) { try endpoint.decodeAnswer(bytes) }
        } catch { throw told(error) }
    }

    func events<Body, Answer, Event>(
        _ endpoint: Endpoint<Nothing, Body, Answer, Event>, _ body: Body, model: String?, options: JSONObject
    ) async throws -> EventReader<Event> {
        do {
            let call = try running(try await start(endpoint, body, model, options))
            return try await EventReader {
                do { return try await call.nextParts()?.map { try endpoint.decodeEvent($0.bytes) } } catch {
                    throw told(error)
                }
            }
        } catch { throw told(error) }
    }

    private func start<Body, Whole, Event>(
        _ endpoint: Endpoint<Nothing, Body, Whole, Event>, _ body: Body, _ model: String?, _ options: JSONObject
    ) async throws -> Answer {
        // The draft's request says what the client's does, in about as many bytes.
        let isShort = share.bytes < OffPool.bytesMax / 4 || body.isShort(bytesMax: OffPool.bytesMax)
        let bytes = isShort ? 0 : Int.max
        return try await OffPool.run(bytes: bytes) {
            var request = CallRequest(method: endpoint.description.method)
            request.body = endpoint.encode(body: body)
            request.options = options
            request.requestID = requestID
            // A body whose client has left may look complete.
            guard !presence.isGone else { throw CallError(.cancelled, "the client left") }
            return try stack.call(endpoint.description, resourceName: model, request: request)
        }
    }

    private func running(_ answer: Answer) throws(CallError) -> RunningCall {
        try RunningCall(answer, presence: presence, drain: drain, body: share)
    }

    func supports(_ option: String, _ endpoint: EndpointDescription, model: String) -> Bool {
        stack.supports(option, endpoint, resourceName: model) ?? false
    }

    var models: [ListedModel] {
        let running = Set(stack.providers.filter { $0.channel.state == .running }.map(\.label))
        return stack.summary.resources.filter { $0.kind == .model && $0.api == .inference }.map { model in
            ListedModel(
                id: model.id, aliases: model.aliases, providerID: model.providerID, base: model.base,
                isReady: running.contains("\(model.api.rawValue)/\(model.providerID)"), createdSeconds: startSeconds)
        }
    }

    func uniqueID(_ prefix: String) -> String { RequestID.unique(prefix) }

    var seconds: Int { Int(Date.now.timeIntervalSince1970) }

    /// The inside of a fault goes to the log, never to the client.
    private func told(_ error: any Error) -> DialectError {
        switch error {
        case let error as DialectError: return error
        case let error as CallError:
            if error.code.httpStatus == 500 {
                logger.error("\(error.message)", metadata: RequestID.metadata(requestID))
            }
            return DialectError(error)
        case is CancellationError: return DialectError(.cancelled, "the client left")
        default:
            logger.error("\(error)", metadata: RequestID.metadata(requestID))
            return DialectError(CallError(.internal, "\(error)"))
        }
    }
}

extension DialectError {
    init(_ error: CallError) {
        self.init(
            error.code, ErrorBody.publicMessage(of: error), field: error.field,
            retryAfterSeconds: error.retryAfterSeconds)
    }
}
