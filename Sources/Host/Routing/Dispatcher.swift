import LlamaStackAPI
import Synchronization

/// Starts calls: those of clients and those of providers to each other, by the same table.
final class Dispatcher: Sendable {
    private let table = Mutex(RoutingTable())
    private let owners = OwnerCache()
    private let nesting: CallNesting
    private let lastCallID = Atomic<UInt64>(0)
    private let monitor: CallMonitor
    private let toolWarnings: ToolWarnings
    let registerSecondsMax: Double

    /// - Parameters:
    ///   - callDepthMax: how deep providers' calls to each other may be nested.
    ///   - callSecondsMax: how long a call may write nothing.
    ///   - registerSecondsMax: how long a provider may take over one resource.
    init(callDepthMax: Int, callSecondsMax: Double, registerSecondsMax: Double, log: LogSink) {
        self.registerSecondsMax = registerSecondsMax
        nesting = CallNesting(depthMax: callDepthMax)
        monitor = CallMonitor(secondsMax: callSecondsMax)
        toolWarnings = ToolWarnings(log: log)
    }

    var current: RoutingTable { table.withLock { $0 } }

    func update(_ change: @Sendable (inout RoutingTable) -> Void) { table.withLock { change(&$0) } }

    /// Unique in this stack.
    func newCallID() -> UInt64 { lastCallID.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Starts a client's call. Throws before anything is started.
    func call(
        _ endpoint: EndpointDescription, resourceName: String?, request: CallRequest
    ) throws(CallError) -> Answer {
        let queue = PartStream()
        let cancel = try call(endpoint, resourceName: resourceName, request, into: queue)
        return Answer(queue, stop: cancel)
    }

    /// Answers what cancels the call.
    private func call(
        _ endpoint: EndpointDescription, resourceName: String?, _ request: CallRequest, into sink: any AnswerSink
    ) throws(CallError) -> @Sendable () -> Void {
        var request = request
        request.method = endpoint.method
        let table = current
        let name = endpoint.routingKey.name
        // Only where there is a choice is a request worth a look.
        let isChoice = table.instances.count { $0.api == endpoint.api } > 1
        let id = isChoice ? name?.ids(in: request).first : nil
        let isToolList = endpoint.routingKey == .toolList
        // A tool is no one's to keep: the file says which provider comes first.
        let ownerID = endpoint.api == .tools ? nil : id
        let owner = ownerID.flatMap { owners[endpoint.api, $0] }
        var attempts = try table.attempts(
            of: endpoint, resourceName: resourceName, providerID: request.providerID, owner: owner)
        // Without an id its maker says what is wrong with the request.
        if name != nil, id == nil { attempts = attempts.suffix(1) }
        try checkOptions(of: request, attempts)
        let isSingle = !isToolList && (!isChoice || (attempts.count == 1 && id == nil))
        let call = monitor.open(
            sink, label: isSingle ? attempts[0].instance.label : endpoint.api.rawValue, isTimed: !endpoint.isUntimed)
        guard !isSingle else {
            if !attempts[0].resource.isEmpty { request.resource = attempts[0].resource }
            return call.started(start(request, on: attempts[0].instance.channel, into: call))
        }
        let chain = FallbackChain(
            attempts, request, name: name, probe: id.flatMap { endpoint.api.probe?.request($0, like: request) },
            tools: isToolList ? ToolLines(log: toolWarnings) : nil, into: call,
            newCallID: { [self] in newCallID() },
            ended: { [owners, api = endpoint.api] owner in
                if let ownerID { owners[api, ownerID] = owner }
            })
        chain.start()
        return call.started { chain.cancel() }
    }

    /// Runs before any provider is asked: of several providers that may have a resource, one that does not know the
    /// option would else end the search for the one that does.
    private func checkOptions(of request: CallRequest, _ attempts: [Attempt]) throws(CallError) {
        guard !request.options.isEmpty else { return }
        for attempt in attempts where attempt.role != .mustNotHave {
            let descriptor = attempt.instance.descriptor
            let supported = descriptor.method(request.method)?.options ?? []
            if let option = request.options.keys.first(where: { !supported.contains($0) }) {
                throw CallError(
                    .unsupportedOption, "\(option) is not supported by \(descriptor.type) for \(request.method)",
                    field: option)
            }
        }
    }

    /// Starts a call whose answer is read here.
    func start(_ request: CallRequest, on channel: any Channel) -> Answer {
        let queue = PartStream()
        return Answer(queue, stop: start(request, on: channel, into: queue))
    }

    /// Starts a provider's call.
    ///
    /// - Parameters:
    ///   - caller: the API of the provider that calls.
    ///   - target: "api" or "api/provider_id".
    func call(
        from caller: API, target: String, _ request: CallRequest, into sink: any AnswerSink
    ) throws(CallError) -> @Sendable () -> Void {
        let parts = target.split(separator: "/", maxSplits: 1).map(String.init)
        guard let name = parts.first, let api = API(rawValue: name) else {
            throw CallError(.notFound, "there is no API \(Quote.short(target))")
        }
        // These are the host's own: they would change what it knows.
        guard !ResourceMethods.all.contains(where: { $0.name == request.method }) else {
            throw CallError(.badRequest, "\(Quote.short(request.method)) is for the host alone; use announce")
        }
        let leave = try nesting.enter(from: caller, to: api, requestID: request.requestID)
        do throws(CallError) {
            return try call(
                api, providerID: parts.count > 1 ? parts[1] : nil, request, into: EndedSink(sink, ended: leave))
        } catch {
            leave()
            throw error
        }
    }

    private func call(
        _ api: API, providerID: String?, _ request: CallRequest, into sink: any AnswerSink
    ) throws(CallError) -> @Sendable () -> Void {
        let endpoint = Endpoints.find(api, request.method)
        // A method that is not in the table is routed like the API's others.
        let kind = endpoint.map(\.routingKey.listedKind) ?? ResourceKind.all.first { $0.server(api) != nil }
        let resourceName = kind.flatMap { Self.name(of: $0, in: request) }
        if providerID == nil, let endpoint {
            return try call(endpoint, resourceName: resourceName, request, into: sink)
        }
        let destination = try current.destination(
            api: api, providerID: providerID, method: request.method, kind: kind, name: resourceName)
        var inner = request
        if !destination.resource.isEmpty { inner.resource = destination.resource }
        let isTimed = Endpoints.find(api, request.method)?.isUntimed != true
        let call = monitor.open(sink, label: destination.instance.label, isTimed: isTimed)
        return call.started(start(inner, on: destination.instance.channel, into: call))
    }

    private func start(
        _ request: CallRequest, on channel: any Channel, into sink: any AnswerSink
    ) -> @Sendable () -> Void {
        var request = request
        request.callID = newCallID()
        let callID = request.callID
        channel.invoke(request, into: sink)
        return { channel.cancel(callID) }
    }

    /// The resource that the provider named, else the one in its body, as with a client.
    private static func name(of kind: ResourceKind, in request: CallRequest) -> String? {
        if !request.resource.isEmpty { return request.resource }
        guard let field = kind.requestField else { return nil }
        return (try? RequestScan(request.body, field: field))?.string
    }
}

extension RoutingKey {
    fileprivate var name: ResourceName? {
        switch self {
        case .resource(let name), .creation(let name), .tool(let name): name
        case .none, .listed, .all, .toolList: nil
        }
    }
}

extension API.Probe {
    fileprivate func request(_ id: String, like request: CallRequest) -> CallRequest {
        var probe = request
        probe.method = method
        probe.parameters = JSON.object([parameter: .string(id)]).bytes
        probe.body = body?.bytes ?? []
        probe.options = JSONObject()
        return probe
    }
}
