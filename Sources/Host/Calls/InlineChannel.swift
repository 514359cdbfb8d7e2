import CProviderABI
import Dispatch
import LlamaStackAPI
import Synchronization

/// A provider instance whose code runs in this process.
package final class InlineChannel: Channel {
    /// Why `create` did not give an instance that serves.
    struct CreateFailure: Error {
        var status: Int32
        /// The error object or, for LSP_BAD_CONFIG, the array.
        var error: [UInt8]
    }

    /// Calls into the instance are let in until it is closed, and counted, so that `destroy` comes after all of them.
    private struct Gate {
        var isOpen = true
        var inside = 0
        var calls: [UInt64: OpenCall] = [:]
    }

    private let provider: ProviderDescriptor
    private let label: String
    private let instance: UInt
    private let services: HostServices
    private let log: LogSink
    private let gate = Mutex(Gate())
    private let isEmpty = Outcome<Bool>()

    private init(
        _ provider: ProviderDescriptor, label: String, instance: UInt, services: HostServices, log: LogSink
    ) {
        (self.provider, self.label, self.instance) = (provider, label, instance)
        (self.services, self.log) = (services, log)
    }

    // MARK: create

    /// An instance by itself, outside any stack: for the conformance suite. It can call nobody.
    ///
    /// Throws an internal error when `create` fails; `status` says how.
    package static func alone(
        _ provider: ProviderDescriptor, providerID: String, config: JSON, statePath: String = "", log: LogSink,
        withinSeconds seconds: Double
    ) async throws(AloneFailure) -> InlineChannel {
        let refusal = CallError(.apiNotServed, "there is no other provider here")
        let services = HostServices(
            label: "\(provider.api)/\(providerID)", needs: provider.needs, log: log, metrics: .discard,
            reach: HostServices.Reach(
                call: { _, _, _ throws(CallError) in throw refusal }, announce: { _ in refusal },
                withdraw: { _ in refusal }))
        do throws(CreateFailure) {
            return try await create(
                provider, providerID: providerID, config: config.bytes, statePath: statePath, basePath: "/",
                services: services, log: log, withinSeconds: seconds)
        } catch {
            throw AloneFailure(status: error.status, error: error.error)
        }
    }

    package struct AloneFailure: Error {
        package var status: Int32
        /// The error object or, for LSP_BAD_CONFIG, the array.
        package var error: [UInt8]
    }

    /// Makes an instance and waits until it can serve, at most `seconds`.
    static func create(
        _ provider: ProviderDescriptor, providerID: String, config: [UInt8], statePath: String, basePath: String,
        services: HostServices, log: LogSink, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> InlineChannel {
        let label = services.label
        let ready = Outcome<CreateFailure>()
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(label) create", sink: nil, memory: nil,
            log: log,
            ended: { status, error, _ in ready.set(CreateFailure(status: status, error: error)) })
        CallTable.insert(call)
        let made = Outcome<UInt?>()
        OffPool.start {
            let memory = RequestMemory(
                [Array(providerID.utf8), config, Array(statePath.utf8), Array(basePath.utf8)])
            var setup = lsp_setup(
                struct_size: UInt32(MemoryLayout<lsp_setup>.size), reserved: 0, provider_id: memory[0],
                config: memory[1], state_path: memory[2], base_path: memory[3])
            var sink = CallTable.sink(for: call)
            let instance = withExtendedLifetime(memory) {
                provider.pointer.pointee.create(
                    provider.pointer.address, InstanceTable.host(for: services), &setup, &sink)
            }
            made.set(UInt(bitPattern: instance))
        }
        made.set(nil, afterSeconds: seconds)
        ready.set(timeout("did not finish 'ready' within \(seconds) s of create"), afterSeconds: seconds)
        guard let instance = await made.value() else {
            services.close()
            throw timeout("create did not return within \(seconds) s")
        }
        let answer = await ready.value()
        guard instance != 0 else {
            services.close()
            guard answer.status == Int32(LSP_OK) else { throw answer }
            throw CreateFailure(
                status: Int32(LSP_INTERNAL),
                error: ProviderError.encode(CallError(.internal, "create answered NULL")))
        }
        let channel = InlineChannel(provider, label: label, instance: instance, services: services, log: log)
        guard answer.status == Int32(LSP_OK) else {
            await channel.close(withinSeconds: 5)
            throw answer
        }
        return channel
    }

    private static func timeout(_ what: String) -> CreateFailure {
        CreateFailure(
            status: Int32(LSP_TIMEOUT), error: ProviderError.encode(CallError(.providerTimeout, what)))
    }

    // MARK: calls

    package func invoke(_ request: CallRequest, into sink: any AnswerSink) {
        let memory = RequestMemory([
            Array(request.method.utf8), request.parameters, request.body, request.options,
            Array(request.resource.utf8), Array(request.principal.utf8), Array(request.requestID.utf8),
        ])
        let callID = request.callID
        let label = label, log = log, requestID = request.requestID
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(label) \(request.method)", sink: sink,
            memory: memory, log: log,
            ended: { [weak self] status, error, violation in
                self?.forget(callID)
                if let violation {
                    sink.finish(CallError(.internal, "the provider broke the contract: it \(violation)"))
                } else {
                    sink.finish(
                        ProviderError.decode(status, error, label: label, requestID: requestID, log: log))
                }
            })
        guard enter(call, callID) else {
            return sink.finish(CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5))
        }
        CallTable.insert(call)
        if request.deadlineNanoseconds != 0 { watch(call, callID, request.deadlineNanoseconds, sink) }
        var inner = lsp_request(
            struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: callID, target: .empty,
            method: memory[0], parameters: memory[1], body: memory[2], options: memory[3], resource: memory[4],
            principal: memory[5], request_id: memory[6], deadline_ns: request.deadlineNanoseconds)
        var outer = CallTable.sink(for: call)
        provider.pointer.pointee.invoke(UnsafeMutableRawPointer(bitPattern: instance), &inner, &outer)
        leave()
    }

    package func cancel(_ callID: UInt64) {
        let call = gate.withLock { gate -> OpenCall? in
            guard gate.isOpen, let call = gate.calls[callID] else { return nil }
            gate.inside += 1
            return call
        }
        guard let call else { return }
        call.cancel()
        provider.pointer.pointee.cancel(UnsafeMutableRawPointer(bitPattern: instance), callID)
        leave()
    }

    /// Hands a cancel to the provider though this channel knows of no such call: the contract says that it is ignored.
    package func cancelUnknown(_ callID: UInt64) {
        let isOpen = gate.withLock { gate -> Bool in
            if gate.isOpen { gate.inside += 1 }
            return gate.isOpen
        }
        guard isOpen else { return }
        provider.pointer.pointee.cancel(UnsafeMutableRawPointer(bitPattern: instance), callID)
        leave()
    }

    /// The caller hears of it at the deadline, whenever the provider comes round to finishing.
    private func watch(_ call: OpenCall, _ callID: UInt64, _ deadline: Int64, _ sink: any AnswerSink) {
        call.at(DispatchTime(uptimeNanoseconds: UInt64(max(1, deadline)))) { [weak self] in
            sink.finish(CallError(.providerTimeout, "the call did not end by its deadline"))
            self?.cancel(callID)
        }
    }

    // MARK: close

    @discardableResult
    package func close(withinSeconds seconds: Double) async -> Bool {
        let open = gate.withLock { gate -> [UInt64: OpenCall]? in
            guard gate.isOpen else { return nil }
            return gate.calls
        }
        guard let open else { return true }
        let end = ContinuousClock.now + .seconds(max(0, seconds))
        for callID in open.keys { cancel(callID) }
        gate.withLock { gate in
            gate.isOpen = false
            if gate.inside == 0 { isEmpty.set(true) }
        }
        isEmpty.set(false, afterSeconds: seconds)
        guard await isEmpty.value() else {
            log.log(.error, "is stuck inside a call; left as it is", source: label)
            return false
        }
        let isDone = await destroy(withinSeconds: max(0.1, (end - .now) / .seconds(1)))
        services.close()
        abandonRest(wasDestroyed: isDone)
        return isDone
    }

    private func destroy(withinSeconds seconds: Double) async -> Bool {
        let done = Outcome<Bool>()
        let call = OpenCall(
            handle: CallTable.newHandle(of: services.number), label: "\(label) destroy", sink: nil, memory: nil,
            log: log,
            ended: { _, _, _ in done.set(true) })
        CallTable.insert(call)
        let pointer = provider.pointer, instance = instance
        OffPool.start {
            var sink = CallTable.sink(for: call)
            pointer.pointee.destroy(UnsafeMutableRawPointer(bitPattern: instance), &sink)
        }
        done.set(false, afterSeconds: seconds)
        let isDone = await done.value()
        if !isDone { log.log(.error, "did not finish destroy within \(seconds) s; left as it is", source: label) }
        return isDone
    }

    /// A destroyed provider owes nothing more; whoever still waits for it is told. One that would not be destroyed may
    /// still read its requests: they stay.
    private func abandonRest(wasDestroyed: Bool) {
        let rest = gate.withLock { $0.calls }
        guard !rest.isEmpty else { return }
        log.log(.error, "broke the contract: left \(rest.count) calls unfinished", source: label)
        for call in rest.values {
            if wasDestroyed { _ = CallTable.remove(call.handle) }
            call.abandon(CallError(.providerUnavailable, "the provider was stopped"))
        }
    }

    // MARK: the gate

    private func enter(_ call: OpenCall, _ callID: UInt64) -> Bool {
        gate.withLock { gate in
            guard gate.isOpen else { return false }
            gate.inside += 1
            gate.calls[callID] = call
            return true
        }
    }

    private func leave() {
        gate.withLock { gate in
            gate.inside -= 1
            if !gate.isOpen, gate.inside == 0 { isEmpty.set(true) }
        }
    }

    private func forget(_ callID: UInt64) {
        gate.withLock { _ = $0.calls.removeValue(forKey: callID) }
    }

    deinit { services.close() }
}
