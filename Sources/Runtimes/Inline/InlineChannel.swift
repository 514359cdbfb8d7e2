import CProcessGuard
import CProviderABI
import ContractBridge
import Dispatch
import LlamaStackAPI
import Synchronization

/// A provider instance whose code runs in this process.
package final class InlineChannel: Channel {
    private let provider: LoadedProvider
    private let instance: UInt
    private let services: HostServices
    package let threads: InvokeThreads
    private let log: LogSink
    /// Every entry into the provider is inside, so that `destroy` comes after all of them.
    private let gate = Gate()
    let calls = Mutex<[UInt64: OpenCall]>([:])
    private let deadlines = DeadlineWatch()

    private init(_ provider: LoadedProvider, instance: UInt, services: HostServices, threads: InvokeThreads) {
        self.provider = provider
        self.instance = instance
        self.services = services
        self.threads = threads
        log = services.log
    }

    deinit {
        services.close()
        threads.close()
    }

    private var label: String { services.label }
    private var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: instance) }

    // MARK: create

    /// An instance outside any stack. It cannot call other providers.
    package static func alone(
        _ provider: LoadedProvider, providerID: String, config: JSON, statePath: String = "", log: LogSink,
        withinSeconds seconds: Double
    ) async throws(CreateFailure) -> InlineChannel {
        var setup = InstanceSetup(
            library: "", provider: provider.descriptor, providerID: providerID, config: config.bytes)
        setup.statePath = statePath
        return try await create(provider, setup, host: .alone(log: log), withinSeconds: seconds)
    }

    static func create(
        _ provider: LoadedProvider, _ setup: InstanceSetup, host: HostReach, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> InlineChannel {
        let services = HostServices(label: setup.label, needs: provider.descriptor.needs, reach: host)
        let threads = InvokeThreads(name: setup.label, log: host.log)
        let ready = Once<CreateFailure>()
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(setup.label) create", sink: nil, request: nil,
            log: host.log, finished: { _, status, error in ready.set(CreateFailure(status: status, error: error)) })
        CallTable.insert(call)
        let made = Once<UInt?>()
        threads.run(InvokeThreads.Entry("create")) {
            made.set(enterCreate(provider, setup, services, CallTable.sink(for: call)))
        }
        made.set(nil, afterSeconds: seconds)
        ready.set(timeout("did not finish 'ready' within \(Quote.seconds(seconds)) s of create"), afterSeconds: seconds)
        guard let instance = await made.value() else {
            services.close()
            throw timeout("create did not return within \(Quote.seconds(seconds)) s")
        }
        let answer = await ready.value()
        guard instance != 0 else {
            services.close()
            guard answer.status == Int32(LSP_OK) else { throw answer }
            throw CreateFailure(CallError(.internal, "create answered NULL"))
        }
        let channel = InlineChannel(provider, instance: instance, services: services, threads: threads)
        guard answer.status == Int32(LSP_OK) else {
            await channel.close(withinSeconds: 5)
            throw answer
        }
        return channel
    }

    private static func enterCreate(
        _ provider: LoadedProvider, _ setup: InstanceSetup, _ services: HostServices, _ sink: lsp_sink
    ) -> UInt {
        let block = LentBlock([
            Array(setup.providerID.utf8), setup.config, Array(setup.statePath.utf8), Array(setup.basePath.utf8),
        ])
        return withExtendedLifetime(block) {
            var raw = lsp_setup(
                struct_size: UInt32(MemoryLayout<lsp_setup>.size), reserved: 0, provider_id: block[0],
                config: block[1], state_path: block[2], base_path: block[3], purpose: setup.purpose.rawValue,
                reserved_1: 0)
            var sink = sink
            return ProviderCode.watched(setup.label, "create", services.log) {
                UInt(
                    bitPattern: provider.pointer.pointee.create(
                        provider.pointer.address, InstanceTable.host(for: services), &raw, &sink))
            }
        }
    }

    private static func timeout(_ what: String) -> CreateFailure { CreateFailure(CallError(.providerTimeout, what)) }

    // MARK: calls

    package func invoke(_ request: CallRequest, into sink: any AnswerSink) {
        invoke(request, into: sink) { threads.runHere($0, $1) }
    }

    /// - Parameter lend: gets a closure to run on the caller's thread, once the caller is ready for it.
    func invoke(_ request: CallRequest, into sink: any AnswerSink, _ lend: InvokeThreads.Lend) {
        invoke(request, into: sink) { threads.runHere($0, lend, $1) }
    }

    private func invoke(
        _ request: CallRequest, into sink: any AnswerSink,
        runHere: (InvokeThreads.Entry, @escaping @Sendable () -> Void) -> Void
    ) {
        let callID = request.callID
        let lent = LentRequest(request)
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(label) \(request.method)", sink: sink,
            request: lent, log: log,
            // Not on the stack of the provider's write.
            violated: { [weak self] in OffPool.start { [weak self] in self?.cancel(callID) } },
            finished: {
                [weak self, label, log, method = request.method, requestID = request.requestID] call, status, error in
                if method == "register" { FreedMemory.returnSoon() }
                self?.calls.withLock { _ = $0.removeValue(forKey: callID) }
                self?.deadlines.remove(callID)
                call.end(Self.failure(status, error, label: label, requestID: requestID, log: log))
            })
        guard gate.enter() else {
            call.end(CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5))
            return
        }
        calls.withLock { $0[callID] = call }
        CallTable.insert(call)
        deadlines.add(callID, deadline: request.deadlineNanoseconds) { [weak self] in self?.passedDeadline(callID) }
        let entry = InvokeThreads.Entry(
            "invoke", method: request.method, requestID: request.requestID)
        let body: @Sendable () -> Void = { [self] in
            var raw = lent.raw
            var sink = CallTable.sink(for: call)
            pg_enter(label, entry.method, entry.requestID)
            provider.pointer.pointee.invoke(pointer, &raw, &sink)
            pg_leave()
            gate.leave()
        }
        // A provider that calls another one is never held up by it.
        if request.target.isEmpty { runHere(entry, body) } else { threads.run(entry, body) }
    }

    package func cancel(_ callID: UInt64) {
        guard gate.enter() else { return }
        guard let call = calls.withLock({ $0[callID] }) else { return gate.leave() }
        call.close()
        enterCancel(callID)
    }

    /// Inside the gate, which it leaves.
    private func enterCancel(_ callID: UInt64) {
        threads.run(InvokeThreads.Entry("cancel")) { [self] in
            pg_enter(label, "cancel", nil)
            provider.pointer.pointee.cancel(pointer, callID)
            pg_leave()
            gate.leave()
        }
    }

    /// The caller is told at the deadline, whenever the provider comes round to finishing.
    private func passedDeadline(_ callID: UInt64) {
        let call = calls.withLock { $0[callID] }
        guard call?.end(CallError(.providerTimeout, "the call did not end by its deadline")) == true else { return }
        cancel(callID)
    }

    /// How a call ended. What an internal error says is for the log: the client's message names nothing.
    private static func failure(
        _ status: Int32, _ object: [UInt8], label: String, requestID: String, log: LogSink
    ) -> CallError? {
        guard var error = CallError(status: status, object: object) else { return nil }
        let complaints = status == Int32(LSP_BAD_CONFIG) ? Self.complaints(object) : nil
        if let complaints {
            // They may quote secrets of the config, which are not known here.
            error.message = "refused a config: \(complaints.count) mistakes"
        } else if !CallError.isObject(object) {
            log.log(.error, "broke the contract: its error is not a JSON object", ["call": label], source: label)
        }
        guard error.code == .internal || error.code == .invalidConfig else { return error }
        error.configComplaints = complaints
        let said = object.isEmpty || error.message == error.code.code ? nil : error.message
        log.log(
            .error, said ?? "failed without a message", ["status": String(status), "request_id": requestID],
            source: label)
        (error.operatorMessage, error.operatorCode) = (said, error.code)
        (error.code, error.message) = (.internal, "the provider failed; the server's log says why")
        (error.field, error.retryAfterSeconds) = (nil, nil)
        return error
    }

    private static func complaints(_ object: [UInt8]) -> [JSON]? {
        guard object.count <= CallError.objectBytesMax, case .array(let items)? = try? JSON(parsing: object),
            !items.isEmpty
        else { return nil }
        return items
    }

    // MARK: close

    @discardableResult
    package func close(withinSeconds seconds: Double) async -> Bool {
        let end = ContinuousClock.now + .seconds(max(0, seconds))
        for callID in calls.withLock({ Array($0.keys) }) { cancel(callID) }
        let isEmpty = Once<Bool>()
        guard gate.close({ isEmpty.set(true) }) else { return true }
        isEmpty.set(false, afterSeconds: seconds)
        guard await isEmpty.value() else {
            log.log(.error, "is stuck inside a call; left as it is", source: label)
            return false
        }
        let isDone = await destroy(withinSeconds: max(0.1, (end - .now) / .seconds(1)))
        services.close()
        threads.close()
        abandonRest(wasDestroyed: isDone)
        return isDone
    }

    private func destroy(withinSeconds seconds: Double) async -> Bool {
        let done = Once<Bool>()
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(label) destroy", sink: nil, request: nil,
            log: log, finished: { _, _, _ in done.set(true) })
        CallTable.insert(call)
        threads.run(InvokeThreads.Entry("destroy")) { [self] in
            var sink = CallTable.sink(for: call)
            pg_enter(label, "destroy", nil)
            provider.pointer.pointee.destroy(pointer, &sink)
            pg_leave()
        }
        done.set(false, afterSeconds: seconds)
        let isDone = await done.value()
        if !isDone {
            log.log(.error, "did not finish destroy within \(Quote.seconds(seconds)) s; left as it is", source: label)
        }
        return isDone
    }

    /// A destroyed provider owes nothing more; a caller that still waits for it is told. One that would not be
    /// destroyed may still read its requests: they stay.
    private func abandonRest(wasDestroyed: Bool) {
        let rest = calls.withLock { $0 }
        guard !rest.isEmpty else { return }
        log.log(.error, "broke the contract: left \(rest.count) calls unfinished", source: label)
        for call in rest.values {
            if wasDestroyed { _ = CallTable.remove(call.handle) }
            call.close()
            call.end(CallError(.providerUnavailable, "the provider was stopped"))
        }
    }
}
