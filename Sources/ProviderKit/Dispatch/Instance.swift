import CProviderABI
import ContractBridge
import LlamaStackAPI
import Synchronization

/// One created provider: takes the contract's calls, runs each as a task, and sees to it that each ends exactly once.
///
/// The task of a method whose calls have always been done at once begins on the thread that calls `invoke`: for such a
/// call the way to another thread is the longest part.
///
/// The host holds one reference (the pointer that `create` returned) until `destroy` releases it.
final class Instance: Sendable {
    private struct State {
        var provider: RunningProvider?
        var isClosing = false
        var creation: RunningTask?
        var calls: [UInt64: RunningTask] = [:]
        /// By method.
        var promptness: [String: Promptness] = [:]
    }

    private let link: HostLink
    /// Creation and every open call are inside.
    private let gate = Gate()
    private let state = Mutex(State())

    init(_ link: HostLink) { self.link = link }

    /// Answers on `ready`. `configuration` is the setup's bytes.
    func create(_ factory: ProviderFactory, _ configuration: [UInt8], _ context: ProviderContext, _ ready: lsp_sink) {
        let answer = AnswerWriter(ready) { [gate] in gate.leave() }
        _ = gate.enter()
        let creation = RunningTask()
        state.withLock { $0.creation = creation }
        creation.run { [self] in
            var json = JSON.object([:])
            do {
                if !configuration.isEmpty { json = try JSON(parsing: configuration) }
                let provider = try await factory.make(json, context)
                state.withLock { $0.provider = provider }
                answer.finish(.success)
            } catch {
                answer.finish(Outcome(creating: error, isCancelled: creation.isCancelled, configuration: json))
            }
        }
    }

    func invoke(_ request: lsp_request, _ sink: lsp_sink) {
        guard gate.enter() else {
            return AnswerWriter(sink).finish(Outcome(ProviderError(.shuttingDown, "the provider is being stopped")))
        }
        let answer = AnswerWriter(sink) { [gate] in gate.leave() }
        let id = request.call_id
        let task = RunningTask()
        let method = request.method.text
        let began = MonotonicClock.nanoseconds
        let (provider, isNew, isPrompt) = state.withLock { state -> (RunningProvider?, Bool, Bool) in
            guard let provider = state.provider, !state.isClosing else { return (nil, false, false) }
            guard state.calls[id] == nil else { return (provider, false, false) }
            state.calls[id] = task
            return (provider, true, state.promptness[method]?.isEarned ?? false)
        }
        guard let provider else {
            return answer.finish(Outcome(ProviderError(.providerUnavailable, "the provider is not ready")))
        }
        guard isNew else {
            return answer.finish(Outcome(ProviderError(.internal, "call id \(id) is in use by a call that still runs")))
        }
        let callersThread = isPrompt ? CallersThread() : nil
        defer { callersThread?.returns() }
        let unread = UnreadCall(request: request, method: method, answer: answer, callersThread: callersThread)
        task.run(atOnce: isPrompt) { [self] in
            let outcome: Outcome
            do {
                try await provider.serve(unread.read(link))
                outcome = .success
            } catch {
                outcome = Outcome(of: error, isCancelled: task.isCancelled || answer.isClosed)
            }
            let seconds = Double(MonotonicClock.nanoseconds - began) / 1e9
            // Before finish: the host may use the id again as soon as finish was called.
            state.withLock { state in
                state.calls[id] = nil
                guard provider.offers(method) else { return }
                state.promptness[method, default: Promptness()].returned(afterSeconds: seconds)
            }
            answer.finish(outcome)
        }
    }

    func cancel(_ callID: UInt64) {
        state.withLock { $0.calls[callID] }?.cancel()
    }

    /// `done` is finished when nothing of this instance runs any more.
    func destroy(_ done: lsp_sink) {
        let tasks = state.withLock { state in
            state.isClosing = true
            return Array(state.calls.values) + [state.creation].compactMap(\.self)
        }
        for task in tasks { task.cancel() }
        let done = AnswerWriter(done)
        gate.close { [self] in
            Task {
                await takeProvider()?.shutdown()
                link.close { done.finish(.success) }
            }
        }
    }

    /// The provider's last reference here, so that it is gone once `shutdown` returned.
    private func takeProvider() -> RunningProvider? {
        state.withLock { state in
            defer { state.provider = nil }
            return state.provider
        }
    }
}

/// A task that can be cancelled before it was started.
private final class RunningTask: Sendable {
    /// A task that has begun and has no handle yet.
    private struct Begun: @unchecked Sendable {
        // Unchecked: it is kept alive by this, and cancelling is for any thread.
        let task: UnsafeCurrentTask?
    }

    private struct State {
        var task: Task<Void, Never>?
        var begun: Begun?
        var isCancelled = false
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// - Parameter atOnce: on this thread, as far as it goes without waiting.
    func run(atOnce: Bool = false, _ body: @escaping @Sendable () async -> Void) {
        let task = atOnce ? Task.immediate { await begin(body) } : Task(operation: body)
        let isCancelled = state.withLock { state in
            (state.task, state.begun) = (task, nil)
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    private func begin(_ body: @Sendable () async -> Void) async {
        let begun = withUnsafeCurrentTask { Begun(task: $0) }
        let isCancelled = state.withLock { state in
            state.begun = begun
            return state.isCancelled
        }
        if isCancelled { begun.task?.cancel() }
        await body()
    }

    func cancel() {
        let (task, begun) = state.withLock { state in
            state.isCancelled = true
            return (state.task, state.begun)
        }
        if let task { task.cancel() } else { begun?.task?.cancel() }
    }
}

/// A request whose spans have not been read yet: `invoke` must return at once, so the task reads them.
private struct UnreadCall: @unchecked Sendable {
    // Unchecked because of these C pointers; nothing writes to what they point at.
    let request: lsp_request
    let method: String
    let answer: AnswerWriter
    let callersThread: CallersThread?

    func read(_ link: HostLink) throws -> IncomingCall {
        let json = request.options.isEmpty ? .object([:]) : try JSON(parsing: request.options.buffer)
        let options = try JSONObject(json: json, at: .root["options"])
        let call = Call(
            method: method, requestID: request.request_id.text, principal: request.principal.text,
            resource: request.resource.text, options: options,
            idempotent: try IdempotentRequest(options, of: request), deadlineNanoseconds: request.deadline_ns,
            link: link)
        return IncomingCall(request: request, answer: answer, call: call, callersThread: callersThread)
    }
}
