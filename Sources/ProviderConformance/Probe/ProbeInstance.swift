import CProviderABI
import LlamaStackAPI
import Runtimes
import Synchronization

/// An instance of the provider, called as the host calls it, and watched more closely than the host can afford.
final class ProbeInstance: Sendable {
    private struct State {
        var open: [UInt64: CallRecord] = [:]
        var lastID: UInt64 = 0
    }

    let provider: LoadedProvider
    let context: CheckContext
    /// What is lent can't be read once its time is over, nor beyond its end.
    private let isGuarded: Bool
    private let host: HostRecord
    private let hostStruct: LentStruct<lsp_host>
    private let instance: UInt
    private let state = Mutex(State())

    init(_ provider: LoadedProvider, _ context: CheckContext, isGuarded: Bool, _ made: Creation) {
        (self.provider, self.context, self.isGuarded) = (provider, context, isGuarded)
        (host, hostStruct, instance) = (made.host, made.hostStruct, made.instance)
    }

    var descriptor: ProviderDescriptor { provider.descriptor }

    // MARK: calls

    /// A call that has been prepared: its id, what is lent for it, and where its answer goes.
    struct Prepared: Sendable {
        var id: UInt64
        var record: CallRecord
        fileprivate var bytes: LentBytes
        fileprivate var request: LentStruct<lsp_request>
        fileprivate var sink: LentStruct<lsp_sink>
    }

    func prepare(_ request: ProbeRequest, holding: Bool = false) -> Prepared {
        let record = CallRecord(
            request.method, .call(streams: request.streams), holding: holding, report: context.report)
        let bytes = LentBytes(
            [
                Array(request.method.utf8), request.parameters == [:] ? [] : request.parameters.bytes, request.body,
                request.options?.bytes ?? [], Array(request.resource.utf8), [], Array("conformance".utf8),
            ], isGuarded: isGuarded)
        record.lends(bytes)
        let id = state.withLock { state -> UInt64 in
            state.lastID += 1
            state.open[state.lastID] = record
            return state.lastID
        }
        let inner = lsp_request(
            struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: id,
            target: lsp_bytes(data: nil, size: 0), method: bytes[0], parameters: bytes[1], body: bytes[2],
            options: bytes[3], resource: bytes[4], principal: bytes[5], request_id: bytes[6], deadline_ns: 0)
        return Prepared(
            id: id, record: record, bytes: bytes, request: LentStruct(inner, isGuarded: isGuarded),
            sink: LentStruct(SinkTable.sink(for: record), isGuarded: isGuarded))
    }

    /// `invoke` on the calling thread, unwatched: for checks that make their own threads.
    func invokeHere(_ call: Prepared) {
        provider.pointer.pointee.invoke(
            UnsafeMutableRawPointer(bitPattern: instance), call.request.pointer, call.sink.pointer)
        call.request.takeBack("it used the lsp_request after invoke had returned: structs are borrowed, copy them")
        call.sink.takeBack("it used the lsp_sink after invoke had returned: structs are borrowed, copy them")
    }

    func cancelHere(_ id: UInt64) {
        provider.pointer.pointee.cancel(UnsafeMutableRawPointer(bitPattern: instance), id)
    }

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
        guard call.record.waitForEnd(context.seconds) else {
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

    // MARK: destroy

    /// Cancels what runs, then destroys. What is left unfinished is a breach of the contract.
    func destroy() throws(CheckFailure) {
        let done = CallRecord("destroy", .destroy, report: context.report)
        let open = state.withLock { $0.open }.filter { !$0.value.hasEnded }
        for (id, record) in open {
            record.close()
            try cancel(id)
        }
        let sink = LentStruct(SinkTable.sink(for: done), isGuarded: isGuarded)
        let instance = instance
        try CallerThread.measure("destroy", context: context) {
            self.provider.pointer.pointee.destroy(UnsafeMutableRawPointer(bitPattern: instance), sink.pointer)
        }
        sink.takeBack("it used the lsp_sink of destroy after destroy had returned: structs are borrowed, copy them")
        guard done.waitForEnd(context.seconds) else {
            throw CheckFailure("destroy did not finish 'done' within \(context.seconds) s")
        }
        host.close()
        let left = open.values.filter { !$0.hasEnded }
        if let first = left.first {
            context.report.broken(
                .finish, "it left \(left.count) calls unfinished when it was destroyed, \(first.name) among them")
        }
        hostStruct.takeBack("it used the lsp_host after destroy was done")
    }
}
