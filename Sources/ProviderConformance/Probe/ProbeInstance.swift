import CProviderABI
import LlamaStackAPI
import Runtimes
import Synchronization

/// An instance of the provider, called as the host calls it.
final class ProbeInstance: Sendable {
    private struct State {
        var open: [UInt64: CallRecord] = [:]
        var lastID: UInt64 = 0
    }

    let descriptor: ProviderDescriptor
    let context: CheckContext
    private let entry: any InstanceEntry
    private let state = Mutex(State())

    init(_ descriptor: ProviderDescriptor, _ context: CheckContext, _ entry: any InstanceEntry) {
        (self.descriptor, self.context, self.entry) = (descriptor, context, entry)
    }

    // MARK: calls

    /// A call that has been prepared: its id, what it asks, and where its answer goes.
    struct Prepared: Sendable {
        var id: UInt64
        var request: ProbeRequest
        var record: CallRecord
    }

    func prepare(_ request: ProbeRequest, holding: Bool = false) -> Prepared {
        let record = CallRecord(
            request.method, .call(streams: request.streams), holding: holding, report: context.report)
        let id = state.withLock { state -> UInt64 in
            state.lastID += 1
            state.open[state.lastID] = record
            return state.lastID
        }
        return Prepared(id: id, request: request, record: record)
    }

    /// `invoke` on the calling thread, unwatched: for checks that make their own threads.
    func invokeHere(_ call: Prepared) { entry.invoke(call) }

    func cancelHere(_ id: UInt64) { entry.cancel(id) }

    @discardableResult
    func invoke(_ request: ProbeRequest, holding: Bool = false) throws(CheckFailure) -> Prepared {
        let call = prepare(request, holding: holding)
        try CallerThread.measure("invoke", context: context) { self.invokeHere(call) }
        context.report.at(request.method)
        return call
    }

    /// Sends one request and waits for its end.
    func answer(to request: ProbeRequest) throws(CheckFailure) -> CallRecord {
        let call = try invoke(request)
        let hasEnded = call.record.waitForEnd(context.seconds)
        if let death { throw CheckFailure("in \(request.method): \(death)") }
        guard hasEnded else {
            try? cancel(call)
            throw CheckFailure("\(request.method) was not finished within \(context.seconds) s")
        }
        return call.record
    }

    /// As the host does it: the sink is closed, then the provider hears.
    func cancel(_ call: Prepared) throws(CheckFailure) {
        call.record.close()
        try cancel(call.id)
    }

    func cancel(_ id: UInt64) throws(CheckFailure) {
        try CallerThread.measure("cancel", context: context) { self.cancelHere(id) }
    }

    /// For checks that make many calls.
    func forget(_ call: Prepared) {
        state.withLock { _ = $0.open.removeValue(forKey: call.id) }
        SinkTable.forget(call.record)
    }

    // MARK: its end

    /// How its process ended before it was told to.
    var death: String? { entry.death }

    /// Cancels what runs, then destroys. What is left unfinished is a breach of the contract.
    func destroy() throws(CheckFailure) {
        let open = state.withLock { $0.open }.filter { !$0.value.hasEnded }
        for (id, record) in open {
            record.close()
            try cancel(id)
        }
        context.report.at("destroy")
        try entry.destroy()
        let left = open.values.filter { !$0.hasEnded }
        if let first = left.first {
            context.report.broken(
                .finish, "it left \(left.count) calls unfinished when it was destroyed, \(first.name) among them")
        }
    }
}
