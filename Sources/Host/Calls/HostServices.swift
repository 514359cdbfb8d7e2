import CProviderABI
import LlamaStackAPI
import Synchronization

/// What one instance may ask of the host, and who is asking: behind one `lsp_host`.
final class HostServices: Sendable {
    /// What reaches the rest of the stack. Set when the stack is whole enough; calls before are refused.
    struct Reach: Sendable {
        /// Starts a call to "api" or "api/provider_id"; answers what cancels it.
        var call: @Sendable (_ target: String, CallRequest, any AnswerSink) throws(CallError) -> @Sendable () -> Void
        var announce: @Sendable (JSON) async -> CallError?
        var withdraw: @Sendable (JSON) async -> CallError?
    }

    /// A message or a name longer than this is cut.
    static let textBytesMax = 16 * 1024

    /// "inference/cpu".
    let label: String
    /// The APIs that the descriptor says it calls.
    let needs: [String]
    let number: UInt64
    private let log: LogSink
    private let metrics: MetricsSink
    private let reach: Reach
    /// Calls that this instance made: its id → where it went.
    private let outgoing = Mutex<[UInt64: Outgoing]>([:])
    private let lateCount = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    private struct Outgoing {
        var cancel: (@Sendable () -> Void)?
        var isCancelled = false
    }

    init(label: String, needs: [String], log: LogSink, metrics: MetricsSink, reach: Reach) {
        (self.label, self.needs, self.log, self.metrics, self.reach) = (label, needs, log, metrics, reach)
        number = InstanceTable.newNumber()
        InstanceTable.insert(self)
    }

    /// From here on nothing more is done for the instance.
    func close() { isClosed.store(true, ordering: .relaxed) }

    /// A write or a finish for a call that was finished already. The first few are logged.
    func noteLate(_ what: String) {
        let count = lateCount.wrappingAdd(1, ordering: .relaxed).newValue
        if count <= 10 {
            log.log(.error, "broke the contract: \(what) after finish; ignored", source: label)
        }
    }

    func log(_ level: Int32, _ message: lsp_bytes, _ fields: lsp_bytes) {
        log.log(
            LogLevel(rawValue: level) ?? .info, Self.text(message), Self.strings(fields), source: label)
    }

    func metric(_ kind: Int32, _ name: lsp_bytes, _ value: Double, _ labels: lsp_bytes) {
        guard let kind = Measurement.Kind(rawValue: kind) else { return }
        metrics.record(
            Measurement(
                kind: kind, name: Self.text(name), value: value, labels: Self.strings(labels), source: label))
    }

    func call(_ request: lsp_request, _ sink: ForeignSink) {
        guard request.struct_size >= 152 else {
            return sink.finish(CallError(.internal, "lsp_request.struct_size is \(request.struct_size), wanted 152"))
        }
        let target = Self.text(request.target)
        let api = target.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        guard needs.contains(api) || needs.contains(api + "?") else {
            log.log(.error, "called \(Quote.short(target)), which its \"needs\" does not name", source: label)
            return sink.finish(
                CallError(
                    .apiNotServed, "\(label) may not call \(Quote.short(target)): its \"needs\" does not name it"))
        }
        guard !isClosed.load(ordering: .relaxed) else {
            return sink.finish(CallError(.shuttingDown, "the provider is being stopped"))
        }
        var inner = CallRequest(method: request.method.text)
        inner.parameters = request.parameters.copied ?? []
        inner.body = request.body.copied ?? []
        inner.options = request.options.copied ?? []
        inner.resource = request.resource.text
        inner.principal = request.principal.text
        inner.requestID = request.request_id.text
        inner.deadlineNanoseconds = request.deadline_ns
        start(inner, to: target, id: request.call_id, sink)
    }

    private func start(_ request: CallRequest, to target: String, id: UInt64, _ sink: ForeignSink) {
        outgoing.withLock { $0[id] = Outgoing() }
        let watched = EndedSink(sink) { [weak self] in
            self?.outgoing.withLock { _ = $0.removeValue(forKey: id) }
        }
        do {
            let cancel = try reach.call(target, request, watched)
            let isCancelled = outgoing.withLock { calls -> Bool in
                guard let call = calls[id] else { return false }
                calls[id]?.cancel = cancel
                return call.isCancelled
            }
            if isCancelled { cancel() }
        } catch {
            watched.finish(error)
        }
    }

    func cancel(_ id: UInt64) {
        let call = outgoing.withLock { calls -> Outgoing? in
            calls[id]?.isCancelled = true
            return calls[id]
        }
        call?.cancel?()
    }

    func announce(_ resource: lsp_bytes, _ done: ForeignSink) { tell(resource, done, reach.announce) }

    func withdraw(_ resource: lsp_bytes, _ done: ForeignSink) { tell(resource, done, reach.withdraw) }

    private func tell(
        _ resource: lsp_bytes, _ done: ForeignSink, _ act: @escaping @Sendable (JSON) async -> CallError?
    ) {
        guard let bytes = resource.copied, let json = try? JSON(parsing: bytes), case .object = json else {
            return done.finish(CallError(.badRequest, "the resource must be a JSON object"))
        }
        Task { done.finish(await act(json)) }
    }

    private static func text(_ bytes: lsp_bytes) -> String {
        lsp_bytes(data: bytes.data, size: min(bytes.size, textBytesMax)).text
    }

    /// The members of a JSON object, as strings. What does not parse is left out: a log line is worth more than its form.
    private static func strings(_ bytes: lsp_bytes) -> [String: String] {
        guard bytes.size > 0, bytes.size <= textBytesMax, let copy = bytes.copied,
            let json = try? JSON(parsing: copy), case .object(let object) = json
        else { return [:] }
        var out: [String: String] = [:]
        for member in object.members { out[member.key] = member.value.stringValue ?? member.value.text }
        return out
    }
}
