import ContractBridge
import LlamaStackAPI
import Synchronization

/// The host's way to the network for all providers: one policy, one TLS, one thread.
package final class NetworkService: Sendable {
    /// Requests under way at once, of all providers; one more is refused.
    package static let requestsMax = 512

    private let settings: NetworkSettings
    private let resolver: any Resolver
    private let log: LogSink
    private let loop = TransferLoop()
    private let open = Mutex((isClosed: false, lastNumber: 0, tasks: [Int: Task<Void, Never>]()))

    package init(_ settings: NetworkSettings, log: LogSink = .discard, resolver: any Resolver = SystemResolver()) {
        (self.settings, self.log, self.resolver) = (settings, log, resolver)
    }

    /// The network access of one provider.
    ///
    /// - Parameters:
    ///   - label: "memory_banks/file".
    ///   - endpoints: the origins that its own config names.
    package func access(for label: String, endpoints: [NetworkOrigin] = []) -> NetworkAccess {
        NetworkAccess(settings, label: label, endpoints: endpoints, resolver: resolver)
    }

    /// Starts a call of the contract; answers what cancels it.
    ///
    /// - Parameter access: nil when the provider does not say that it needs the network.
    package func start(
        _ request: CallRequest, _ access: NetworkAccess?, into sink: any AnswerSink
    ) throws(CallError) -> @Sendable () -> Void {
        guard let access else {
            throw CallError(.apiNotServed, "the provider may not call the network: its \"needs\" does not name it")
        }
        if request.method == NetworkCall.status {
            _ = sink.write(.body(JSON.object(["enabled": .bool(access.isEnabled)]).bytes))
            sink.finish(nil)
            return {}
        }
        guard [NetworkCall.request, NetworkCall.check].contains(request.method) else {
            throw CallError(.notImplemented, "the network has no method \(Quote.short(request.method))")
        }
        let exchange = try Exchange(request, access, loop, log, into: sink)
        return try run(exchange, isCheck: request.method == NetworkCall.check)
    }

    private func run(_ exchange: Exchange, isCheck: Bool) throws(CallError) -> @Sendable () -> Void {
        try open.withLock { open throws(CallError) in
            guard !open.isClosed else { throw CallError(.shuttingDown, "the server is shutting down") }
            guard open.tasks.count < Self.requestsMax else {
                throw CallError(
                    .overloaded,
                    "too many network requests in flight: requestsMax is \(Self.requestsMax); retry later",
                    retryAfterSeconds: 1)
            }
            open.lastNumber += 1
            let number = open.lastNumber
            let task = Task { [weak self] in
                if isCheck { await exchange.check() } else { await exchange.run() }
                self?.open.withLock { _ = $0.tasks.removeValue(forKey: number) }
            }
            open.tasks[number] = task
            return { task.cancel() }
        }
    }

    /// Ends all that is under way and every connection. What comes later is refused.
    package func close() async {
        let tasks = open.withLock { open in
            open.isClosed = true
            return Array(open.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await loop.close()
    }
}

extension NetworkService {
    /// The same for code of the host's own: a request, and its answer as it comes.
    package func request(
        _ parameters: NetworkParameters, body: [UInt8] = [], _ access: NetworkAccess
    ) async throws(CallError) -> NetworkAnswer {
        var request = CallRequest(method: NetworkCall.request)
        request.parameters = parameters.json.bytes
        request.body = body
        let stream = PartStream()
        let cancel = try start(request, access, into: stream)
        return try await NetworkAnswer(Answer(stream, stop: cancel))
    }
}
