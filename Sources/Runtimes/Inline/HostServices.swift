import CProviderABI
import ContractBridge
import Dispatch
import LlamaStackAPI
import Synchronization

/// The host's services for one instance, behind one `lsp_host`.
final class HostServices: Sendable {
    /// A message or a name longer than this is cut.
    static let textBytesMax = 16 * 1024

    /// "inference/cpu".
    let label: String
    /// The APIs that the descriptor says it calls.
    let needs: [String]
    let number: UInt64
    private let reach: HostReach
    /// Calls that this instance made: its id → where it went.
    private let outgoing = Mutex<[UInt64: Outgoing]>([:])
    private let lateCount = Atomic<Int>(0)
    private let notes = Mutex(NoteBudget())
    private let isClosed = Atomic<Bool>(false)

    private struct Outgoing {
        var cancel: (@Sendable () -> Void)?
        var isCancelled = false
    }

    init(label: String, needs: [String], reach: HostReach) {
        self.label = label
        self.needs = needs
        self.reach = reach
        number = InstanceTable.newNumber()
        InstanceTable.insert(self)
    }

    var log: LogSink { reach.log }

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
        let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
        let (passes, dropped) = notes.withLock { $0.take(at: now) }
        if dropped > 0 { log.log(.warning, NoteBudget.notice(dropped: dropped), source: label) }
        guard passes else { return }
        log.log(
            LogLevel(rawValue: level) ?? .info, Self.text(message), Self.strings(fields), source: label)
    }

    func metric(_ kind: Int32, _ name: lsp_bytes, _ value: Double, _ labels: lsp_bytes) {
        guard let kind = Measurement.Kind(rawValue: kind) else { return }
        reach.metrics.record(
            Measurement(
                kind: kind, name: Self.text(name), value: value, labels: Self.strings(labels), source: label))
    }

    func call(_ request: lsp_request, _ sink: ForeignSink) {
        let copy: CallRequest
        do throws(CallError) { copy = try CallRequest(copying: request) } catch { return sink.finish(error) }
        let target = copy.target
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
        start(copy, id: request.call_id, sink)
    }

    private func start(_ request: CallRequest, id: UInt64, _ sink: ForeignSink) {
        outgoing.withLock { $0[id] = Outgoing() }
        let watched = EndedSink(sink) { [weak self] in
            self?.outgoing.withLock { _ = $0.removeValue(forKey: id) }
        }
        do {
            let cancel = try reach.call(request, watched)
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

    /// The members of a JSON object, as strings. What does not parse is left out.
    private static func strings(_ bytes: lsp_bytes) -> [String: String] {
        guard bytes.size > 0, bytes.size <= textBytesMax, let copy = bytes.copied,
            let json = try? JSON(parsing: copy), case .object(let object) = json
        else { return [:] }
        var out: [String: String] = [:]
        for member in object.members { out[member.key] = member.value.stringValue ?? member.value.text }
        return out
    }
}
