import ContractBridge
import Dispatch
import Foundation
import LlamaStackAPI
import Synchronization

/// A provider instance in a process of its own, which is started again when it crashes.
package final class ProcessChannel: Channel {
    enum Phase: Sendable {
        case running(ProviderProcess)
        /// It crashed, and starts again soon.
        case restarting
        /// It crashed too often.
        case failed
        case closed
    }

    struct State {
        var phase: Phase {
            didSet { phaseSince = Date() }
        }
        var phaseSince = Date()
        /// The start that waits its time after a crash, by its number; nil when none does, or it is under way.
        var waitingStart: Int?
        var starts = 0
        /// The life that is to follow, before it serves.
        var starting: ProviderProcess?
        var calls: [UInt64: OpenRemoteCall] = [:]
        /// The caller's thread waits for the answer of a child that has always been prompt, where that is its only
        /// call: to sleep and be woken takes as long again.
        var loan = ThreadLoan()
        var history: CrashHistory
        var lastEnd: String?
        var restarts = 0
        /// The registrations of the instance, in order, to be repeated after a restart.
        var resources: [CallRequest] = []

        /// Goes down, for good or until the next start.
        mutating func crashed(upSeconds: Double) -> CrashHistory.Step {
            let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
            let step = history.crashed(at: now, upSeconds: upSeconds, jitter: .random(in: -1...1))
            starts += 1
            (phase, waitingStart) = step == .giveUp ? (.failed, nil) : (.restarting, starts)
            return step
        }

        /// Makes the start that waits, or only that of this number, the caller's to begin. False when there is none.
        mutating func takeWaitingStart(_ number: Int? = nil) -> Bool {
            guard let waiting = waitingStart, number ?? waiting == waiting else { return false }
            waitingStart = nil
            return true
        }
    }

    private static let failedRetrySeconds = 30

    let setup: InstanceSetup
    private let runtime: ProcessRuntime
    let settings: IsolationSettings
    let host: HostReach
    /// How long `create` may take, the first time and again, and one resource that is registered again.
    let createSecondsMax: Double
    let state: Mutex<State>
    private let deadlines = DeadlineWatch()

    private init(
        _ process: ProviderProcess, _ setup: InstanceSetup, _ runtime: ProcessRuntime, _ settings: IsolationSettings,
        _ host: HostReach, _ createSecondsMax: Double
    ) {
        self.setup = setup
        self.runtime = runtime
        self.settings = settings
        self.host = host
        self.createSecondsMax = createSecondsMax
        state = Mutex(State(phase: .running(process), history: CrashHistory(settings.restart)))
        watch(process)
        ProcessPings.shared.add(self)
    }

    static func create(
        _ setup: InstanceSetup, runtime: ProcessRuntime, settings: IsolationSettings, host: HostReach,
        withinSeconds seconds: Double
    ) async throws(CreateFailure) -> ProcessChannel {
        let process = try await start(setup, runtime, host, withinSeconds: seconds)
        return ProcessChannel(process, setup, runtime, settings, host, seconds)
    }

    /// A process whose instance can serve.
    private static func start(
        _ setup: InstanceSetup, _ runtime: ProcessRuntime, _ host: HostReach, withinSeconds seconds: Double,
        yields: Bool = false, began: (ProviderProcess) -> Void = { _ in }
    ) async throws(CreateFailure) -> ProviderProcess {
        let process: ProviderProcess
        do { process = try await runtime.start(setup.label, host, yields: yields) } catch {
            throw CreateFailure(CallError(.internal, "its process could not be started: \(error)"))
        }
        began(process)
        var request = CallRequest(method: "create")
        request.target = PeerTarget.create
        request.body = ChildSetup(setup, seconds: seconds, creditBytes: runtime.settings.creditBytes).json.bytes
        // The child holds the limit; this one is for a child that does not answer at all.
        let (bytes, error) = await process.answer(request, withinSeconds: seconds + 10)
        guard error == nil, let json = try? JSON(parsing: bytes), case .integer(let status)? = json["status"] else {
            process.stop(graceSeconds: 0)
            throw CreateFailure(error ?? CallError(.internal, "create gave an answer that can't be read"))
        }
        guard status == 0 else {
            process.stop(graceSeconds: 1)
            throw CreateFailure(
                status: Int32(clamping: status), error: Array((json["error"]?.stringValue ?? "").utf8))
        }
        return process
    }

    /// The process that serves now.
    package var pid: pid_t? {
        guard case .running(let process) = state.withLock({ $0.phase }) else { return nil }
        return process.pid
    }

    // MARK: calls

    package func invoke(_ request: CallRequest, into sink: any AnswerSink) {
        let isShared = withUnsafeCurrentTask { $0 != nil }
        // The request is kept for what is told again after a restart alone: bodies are large, and calls long.
        let kept = ["register", "unregister"].contains(request.method) ? request : nil
        let call = OpenRemoteCall(request, sink) { [weak self, callID = request.callID] error, seconds in
            self?.ended(callID, kept, error, seconds)
        }
        // The child holds its calls to their deadlines too; this is for one that stands still.
        deadlines.add(request.callID, deadline: request.deadlineNanoseconds) { [weak self, callID = request.callID] in
            self?.passedDeadline(callID)
        }
        let (process, isLent) = state.withLock { state -> (ProviderProcess?, Bool) in
            guard case .running(let process) = state.phase else { return (nil, false) }
            state.calls[request.callID] = call
            return (process, state.calls.count == 1 && isShared && state.loan.begin(isShared: true))
        }
        guard let process else { return call.finish(unavailable) }
        var inner = request
        inner.target = PeerTarget.invoke
        call.number = process.peer.call(inner, into: call)
        // A cancel may have come before the number was known.
        if call.isCancelled { cancel(request.callID) }
        guard isLent else { return }
        let wasPrompt = call.waitWhilePrompt()
        state.withLock { state in
            // It may yet go on for long, and the next caller is not to wait for that again.
            if !wasPrompt { state.loan.promptness.returned(afterSeconds: .infinity) }
            state.loan.end()
        }
    }

    private var unavailable: CallError {
        switch state.withLock({ $0.phase }) {
        case .failed:
            CallError(
                .providerUnavailable, "the provider \(setup.label) crashed too often and stays down",
                retryAfterSeconds: Self.failedRetrySeconds)
        case .closed: CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
        case .restarting, .running:
            CallError(
                .providerUnavailable, "the provider \(setup.label) is being started again", retryAfterSeconds: 1)
        }
    }

    /// Called once for each call, when its answer has ended.
    private func ended(_ callID: UInt64, _ kept: CallRequest?, _ error: CallError?, _ seconds: Double) {
        deadlines.remove(callID)
        state.withLock { state in
            // A call that was refused for want of a process says nothing of how prompt one is.
            if state.calls.removeValue(forKey: callID) != nil { state.loan.promptness.returned(afterSeconds: seconds) }
            guard error == nil, let request = kept else { return }
            state.resources.removeAll { ResourceName(of: $0) == ResourceName(of: request) }
            if request.method == "register" { state.resources.append(request) }
        }
    }

    package func cancel(_ callID: UInt64) {
        let (call, process) = state.withLock { state -> (OpenRemoteCall?, ProviderProcess?) in
            guard case .running(let process) = state.phase else { return (nil, nil) }
            return (state.calls[callID], process)
        }
        guard let call, let process else { return }
        let isFirst = call.cancel()
        guard let number = call.number else { return }
        process.peer.cancel(number)
        guard isFirst || !call.isWatched else { return }
        call.isWatched = true
        DispatchQueue.global().asyncAfter(deadline: .now() + settings.cancelSeconds) { [settings] in
            guard process.peer.isOpen(number) else { return }
            process.fail(
                .providerCrashed, "was ended because it did not obey a cancel within \(settings.cancelSeconds) s")
        }
    }

    private func passedDeadline(_ callID: UInt64) {
        guard let call = state.withLock({ $0.calls[callID] }) else { return }
        cancel(callID)
        call.finish(CallError(.providerTimeout, "the call did not end by its deadline"))
    }

    // MARK: its life

    private func watch(_ process: ProviderProcess) {
        process.whenEnded { [weak self] end in self?.processEnded(process, end) }
    }

    private func processEnded(_ process: ProviderProcess, _ end: ProviderProcess.End) {
        let upSeconds = Double(DispatchTime.now().uptimeNanoseconds - process.started.uptimeNanoseconds) / 1e9
        let (step, calls) = state.withLock { state -> (CrashHistory.Step?, [OpenRemoteCall]) in
            guard case .running(let current) = state.phase, current === process else { return (nil, []) }
            let step = state.crashed(upSeconds: upSeconds)
            state.lastEnd = end.error.message
            return (step, Array(state.calls.values))
        }
        guard let step else { return }
        // Those whose number was not yet known are not among the connection's.
        for call in calls { call.finish(end.error) }
        // The thread that brought the news is every child's.
        OffPool.start { [self] in
            CrashFile(setup: setup, process: process, end: end, calls: calls).write(log: host.log)
            follow(step, end)
        }
    }

    private func follow(_ step: CrashHistory.Step, _ end: ProviderProcess.End) {
        switch step {
        case .giveUp:
            host.log.log(
                .error, "\(end.reason); it has crashed \(settings.restart.crashesMax) times and stays down",
                source: setup.label)
        case .restart(let seconds):
            host.log.log(.error, "\(end.reason); it starts again in \(Int(seconds * 1000)) ms", source: setup.label)
            restart(afterSeconds: seconds)
        }
    }

    private func restart(afterSeconds seconds: Double) {
        guard let number = state.withLock({ $0.waitingStart }) else { return }
        DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + seconds) { [weak self] in
            guard let self, self.state.withLock({ $0.takeWaitingStart(number) }) else { return }
            Task { await self.startAgain() }
        }
    }

    func startAgain() async {
        guard case .restarting = state.withLock({ $0.phase }) else { return }
        let began = DispatchTime.now()
        do throws(CreateFailure) {
            let process = try await Self.start(setup, runtime, host, withinSeconds: createSecondsMax, yields: true) {
                process in
                let isWanted = state.withLock { state -> Bool in
                    state.starting = process
                    if case .restarting = state.phase { return true }
                    return false
                }
                if !isWanted { process.stop(graceSeconds: 0) }
            }
            process.endNiceness()
            await registerAgain(process)
            let isWanted = state.withLock { state -> Bool in
                state.starting = nil
                guard case .restarting = state.phase else { return false }
                state.phase = .running(process)
                state.restarts += 1
                return true
            }
            guard isWanted else { return process.stop(graceSeconds: 1) }
            let milliseconds = (DispatchTime.now().uptimeNanoseconds - began.uptimeNanoseconds) / 1_000_000
            host.log.log(.info, "serves again after \(milliseconds) ms", source: setup.label)
            watch(process)
        } catch {
            let step = state.withLock { state -> CrashHistory.Step? in
                state.starting = nil
                guard case .restarting = state.phase else { return nil }
                return state.crashed(upSeconds: 0)
            }
            guard let step else { return }
            let why = String(decoding: error.error.prefix(2000), as: UTF8.self)
            host.log.log(.error, "could not be started again: \(why)", source: setup.label)
            if case .restart(let seconds) = step { restart(afterSeconds: seconds) }
        }
    }

    private func registerAgain(_ process: ProviderProcess) async {
        for resource in state.withLock({ $0.resources }) {
            guard case .restarting = state.withLock({ $0.phase }) else { return }
            var request = resource
            // That of the first time has passed.
            request.deadlineNanoseconds = 0
            request.target = PeerTarget.invoke
            let (_, error) = await process.answer(request, withinSeconds: createSecondsMax)
            guard let error else { continue }
            host.log.log(
                .error,
                "can't serve \(ResourceName(of: resource).text) again: \(error.operatorMessage ?? error.message)",
                source: setup.label)
        }
    }

    @discardableResult
    package func close(withinSeconds seconds: Double) async -> Bool {
        let (process, calls) = state.withLock { state -> (ProviderProcess?, [OpenRemoteCall]) in
            defer { state.phase = .closed }
            guard case .running(let process) = state.phase else { return (nil, []) }
            return (process, Array(state.calls.values))
        }
        guard let process else { return await stopStarting() }
        for call in calls {
            _ = call.cancel()
            if let number = call.number { process.peer.cancel(number) }
        }
        var request = CallRequest(method: "destroy")
        request.target = PeerTarget.destroy
        // A little less, so that the child still says itself what was not done.
        request.body = Array(String(seconds * 0.9).utf8)
        let (_, error) = await process.answer(request, withinSeconds: seconds)
        if let error { host.log.log(.error, "was not stopped in order: \(error.message)", source: setup.label) }
        if let error, error.code == .providerCrashed { state.withLock { $0.lastEnd = error.message } }
        process.stop(graceSeconds: error == nil ? 0 : 2)
        _ = await Self.isGone(process)
        return error == nil
    }

    /// Stops a restart that is under way, so that the next instance need not wait for the state folder.
    private func stopStarting() async -> Bool {
        guard let process = state.withLock({ $0.starting }) else { return true }
        process.stop(graceSeconds: 0)
        return await Self.isGone(process)
    }

    private static func isGone(_ process: ProviderProcess) async -> Bool {
        let gone = Once<Bool>()
        process.whenEnded { _ in gone.set(true) }
        gone.set(false, afterSeconds: 3)
        return await gone.value()
    }
}

/// Which resource a `register` speaks of.
private struct ResourceName: Equatable {
    var kind: String
    var id: String
    var text: String { "the \(kind) \(Quote.short(id))" }

    init(of request: CallRequest) {
        let json = (try? JSON(parsing: request.body)) ?? .null
        kind = json["kind"]?.stringValue ?? ""
        id = json["id"]?.stringValue ?? ""
    }
}
