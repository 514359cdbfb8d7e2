import LlamaStackAPI
import Synchronization

/// Starts calls: those of clients and those of providers to each other, by the same table.
final class Switchboard: Sendable {
    private let table = Mutex(RoutingTable())
    private let lastCallID = Atomic<UInt64>(0)

    var current: RoutingTable { table.withLock { $0 } }

    func update(_ change: @Sendable (inout RoutingTable) -> Void) { table.withLock { change(&$0) } }

    /// Unique in this stack.
    func newCallID() -> UInt64 { lastCallID.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Of a client. Throws before anything is started.
    func call(
        _ endpoint: EndpointDescription, model: String?, request: CallRequest
    ) throws(StackError) -> Answer {
        let destination = try current.destination(of: endpoint, model: model)
        var request = request
        request.method = endpoint.method
        request.resource = destination.resource
        return start(request, on: destination.instance.channel)
    }

    /// Starts a call whose answer is read here.
    func start(_ request: CallRequest, on channel: any Channel) -> Answer {
        var request = request
        request.callID = newCallID()
        let callID = request.callID
        let queue = AnswerQueue()
        let answer = Answer(callID: callID, queue: queue) { channel.cancel(callID) }
        channel.invoke(request, into: queue)
        return answer
    }

    /// Of a provider.
    ///
    /// - Parameter target: "api" or "api/provider_id".
    func call(
        target: String, _ request: CallRequest, into sink: any AnswerSink
    ) throws(StackError) -> (any Channel, UInt64) {
        let parts = target.split(separator: "/", maxSplits: 1).map(String.init)
        guard let name = parts.first, let api = API(rawValue: name) else {
            throw StackError(.notFound, "there is no API \(Quote.short(target))")
        }
        // These are the host's own: they would change what it knows.
        guard request.method != "register", request.method != "unregister" else {
            throw StackError(.badRequest, "\(Quote.short(request.method)) is for the host alone; use announce")
        }
        let destination = try current.destination(
            api: api, providerID: parts.count > 1 ? parts[1] : nil, method: request.method,
            model: api == .inference ? Self.model(of: request) : nil)
        var inner = request
        inner.callID = newCallID()
        inner.resource = destination.resource.isEmpty ? request.resource : destination.resource
        destination.instance.channel.invoke(inner, into: sink)
        return (destination.instance.channel, inner.callID)
    }

    /// The resource that the provider named, else the `model` of its body, as with a client.
    private static func model(of request: CallRequest) -> String? {
        if !request.resource.isEmpty { return request.resource }
        return (try? RequestScan(request.body))?.model
    }
}
