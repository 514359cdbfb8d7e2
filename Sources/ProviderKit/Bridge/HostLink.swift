import CProviderABI
import LlamaStackAPI
import Synchronization

/// The way from one instance to its host. Closed when the instance is destroyed: what escaped and calls later does
/// nothing, because the host's side may be gone.
final class HostLink: @unchecked Sendable {
    // Unchecked because of this C pointer: the contract lets any thread use it until destroy has finished.
    private let host: UnsafePointer<lsp_host>
    private let gate = Gate()
    private let nextCallID = Atomic<UInt64>(1)
    private let outgoing = Mutex<Set<UInt64>>([])

    init(_ host: UnsafePointer<lsp_host>) { self.host = host }

    func use(_ body: (UnsafePointer<lsp_host>) -> Void) {
        guard gate.enter() else { return }
        defer { gate.leave() }
        body(host)
    }

    /// Starts a call of another provider; the answer comes to what is returned.
    func call(_ request: OutgoingRequest) throws -> PendingAnswer {
        let id = nextCallID.add(1, ordering: .relaxed).oldValue
        return try start(callID: id, request) { host, request, sink in
            host.pointee.call?(host.pointee.context, request, sink)
        }
    }

    func announce(_ resource: Resource) throws -> PendingAnswer {
        let bytes = resource.json.bytes
        return try start(callID: 0, OutgoingRequest()) { host, _, sink in
            bytes.withBytes { host.pointee.announce?(host.pointee.context, $0, sink) }
        }
    }

    /// - Parameter resource: {"kind", "id", "api"?}
    func withdraw(_ resource: JSONObject) throws -> PendingAnswer {
        let bytes = JSON.object(resource).bytes
        return try start(callID: 0, OutgoingRequest()) { host, _, sink in
            bytes.withBytes { host.pointee.withdraw?(host.pointee.context, $0, sink) }
        }
    }

    func cancel(_ callID: UInt64) {
        guard outgoing.withLock({ $0.contains(callID) }) else { return }
        use { host in host.pointee.cancel?(host.pointee.context, callID) }
    }

    /// Cancels what is under way to other providers, lets nothing new out, and runs `then` when all of it has ended.
    func close(_ then: @escaping @Sendable () -> Void) {
        for id in outgoing.withLock({ $0 }) { cancel(id) }
        gate.close(then)
    }

    /// Inside the gate from before the host is called until the answer's finish.
    private func start(
        callID: UInt64, _ request: OutgoingRequest,
        _ body: (UnsafePointer<lsp_host>, UnsafePointer<lsp_request>, UnsafePointer<lsp_sink>) -> Void
    ) throws -> PendingAnswer {
        guard gate.enter() else { throw ProviderError(.shuttingDown, "the provider is being stopped") }
        if callID != 0 { outgoing.withLock { _ = $0.insert(callID) } }
        let memory = RequestMemory(request)
        let answer = PendingAnswer(callID: callID) { [self] in
            memory.free()
            if callID != 0 { outgoing.withLock { _ = $0.remove(callID) } }
            gate.leave()
        }
        var sink = answer.makeSink()
        var struct_ = memory.request(callID: callID)
        body(host, &struct_, &sink)
        return answer
    }
}
