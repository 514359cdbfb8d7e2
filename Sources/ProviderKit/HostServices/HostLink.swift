import CProviderABI
import ContractBridge
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

    /// Starts a call of another provider. Reading the answer to its end, or releasing it, ends the call.
    func call(_ request: CallRequest) throws -> Answer {
        var request = request
        request.callID = nextCallID.add(1, ordering: .relaxed).oldValue
        let callID = request.callID
        let stream = try start(request) { host, request, sink in
            host.pointee.call?(host.pointee.context, request, sink)
        }
        return Answer(stream) { [self] in cancel(callID) }
    }

    func announce(_ resource: Resource) throws -> Answer {
        let bytes = resource.json.bytes
        let stream = try start(CallRequest(method: "")) { host, _, sink in
            bytes.withBytes { host.pointee.announce?(host.pointee.context, $0, sink) }
        }
        return Answer(stream) {}
    }

    /// - Parameter resource: {"kind", "id", "api"?}
    func withdraw(_ resource: JSONObject) throws -> Answer {
        let bytes = JSON.object(resource).bytes
        let stream = try start(CallRequest(method: "")) { host, _, sink in
            bytes.withBytes { host.pointee.withdraw?(host.pointee.context, $0, sink) }
        }
        return Answer(stream) {}
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
        _ request: CallRequest,
        _ body: (UnsafePointer<lsp_host>, UnsafePointer<lsp_request>, UnsafePointer<lsp_sink>) -> Void
    ) throws -> PartStream {
        guard gate.enter() else { throw CallError(.shuttingDown, "the provider is being stopped") }
        let callID = request.callID
        if callID != 0 { outgoing.withLock { _ = $0.insert(callID) } }
        let lent = LentRequest(request)
        let receiver = AnswerReceiver { [self] in
            withExtendedLifetime(lent) {}
            if callID != 0 { outgoing.withLock { _ = $0.remove(callID) } }
            gate.leave()
        }
        var sink = receiver.makeSink()
        var raw = lent.raw
        body(host, &raw, &sink)
        return receiver.stream
    }
}
