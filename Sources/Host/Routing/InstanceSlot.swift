import Dispatch
import Foundation
import LlamaStackAPI
import Synchronization

/// The place of a provider instance in the table. It stays while the instance is created again, and the calls that come
/// meanwhile wait in it.
final class InstanceSlot: Channel {
    /// An instance, and the calls that are on their way into it.
    private struct Life: Sendable {
        let channel: any Channel
        let entries = Gate()
    }

    /// A call that waits for the next instance.
    private struct HeldCall {
        var request: CallRequest
        var sink: any AnswerSink
    }

    private enum Phase {
        case serving(Life)
        /// Calls wait. The instance before ends, as long as it is there.
        case held(before: Life?)
        /// There is no instance, for this reason.
        case failed(String)
        case closed

        var life: Life? {
            switch self {
            case .serving(let life): life
            case .held(let before): before
            case .failed, .closed: nil
            }
        }
    }

    private struct State {
        var phase: Phase {
            didSet { since = Date() }
        }
        var since = Date()
        /// In the order in which they came.
        var held: [HeldCall] = []
        /// Held calls on their way into the new instance, and whether they were cancelled meanwhile.
        var released: [UInt64: Bool] = [:]
        var restarts = 0
        var isolation: String
        /// How the last instance ended, once the slot is closed.
        var lastEnd: String?
    }

    private static let lookMilliseconds = 10

    private let label: String
    private let waitSeconds: Double
    private let state: Mutex<State>

    /// - Parameters:
    ///   - label: "inference/cpu".
    ///   - waitSeconds: how long a call waits for the instance to be created again.
    init(_ channel: any Channel, label: String, waitSeconds: Double) {
        (self.label, self.waitSeconds) = (label, waitSeconds)
        state = Mutex(State(phase: .serving(Life(channel: channel)), isolation: channel.status.isolation))
    }

    // MARK: calls

    func invoke(_ request: CallRequest, into sink: any AnswerSink) {
        while true {
            let (life, refusal) = state.withLock { state -> (Life?, CallError?) in
                switch state.phase {
                case .serving(let life): return (life, nil)
                case .held:
                    state.held.append(HeldCall(request: request, sink: sink))
                    return (nil, nil)
                case .failed(let reason): return (nil, failure(reason))
                case .closed: return (nil, Self.shuttingDown)
                }
            }
            if let refusal { return sink.finish(refusal) }
            guard let life else { return expireLater(request) }
            // Closed after the phase has changed: the next look finds another one.
            guard life.entries.enter() else { continue }
            life.channel.invoke(request, into: sink)
            return life.entries.leave()
        }
    }

    func cancel(_ callID: UInt64) {
        let (held, life) = state.withLock { state -> (HeldCall?, Life?) in
            if let place = state.held.firstIndex(where: { $0.request.callID == callID }) {
                return (state.held.remove(at: place), nil)
            }
            if state.released[callID] != nil { state.released[callID] = true }
            return (nil, state.phase.life)
        }
        held?.sink.finish(CallError(.cancelled, "the call was cancelled"))
        life?.channel.cancel(callID)
    }

    /// A held call is refused after `waitSeconds`, or at its own deadline.
    private func expireLater(_ request: CallRequest) {
        let wait = DispatchTime.now() + waitSeconds
        var deadline = DispatchTime.distantFuture
        if request.deadlineNanoseconds > 0 {
            deadline = DispatchTime(uptimeNanoseconds: UInt64(request.deadlineNanoseconds))
        }
        let error =
            deadline < wait
            ? CallError(.providerTimeout, "the call did not end by its deadline")
            : CallError(
                .providerUnavailable, "the provider \(label) is being created again after a change of its entry",
                retryAfterSeconds: 1)
        DispatchQueue.global().asyncAfter(deadline: min(wait, deadline)) { [weak self] in
            let call = self?.state.withLock { state -> HeldCall? in
                let place = state.held.firstIndex { $0.request.callID == request.callID }
                return place.map { state.held.remove(at: $0) }
            }
            // Its sink may be another provider's code.
            if let call { OffPool.start { call.sink.finish(error) } }
        }
    }

    // MARK: the change of instance

    /// Has calls wait from now on, and ends the instance: what runs may come to its end by itself for `seconds`. False
    /// when the instance did not stop.
    func empty(drainSeconds seconds: Double) async -> Bool {
        let life = state.withLock { state -> Life? in
            switch state.phase {
            case .serving(let life):
                state.phase = .held(before: life)
                return life
            case .failed: state.phase = .held(before: nil)
            case .held, .closed: break
            }
            return nil
        }
        guard let life else { return true }
        let end = ContinuousClock.now + .seconds(seconds)
        let isEntered = Once<Bool>()
        life.entries.close { isEntered.set(true) }
        isEntered.set(false, afterSeconds: seconds)
        _ = await isEntered.value()
        while life.channel.status.openCalls > 0, ContinuousClock.now < end, !isClosed {
            try? await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
        }
        let left = (end - .now) / .seconds(1)
        return await life.channel.close(withinSeconds: max(Self.closeSecondsMin, left))
    }

    /// For an instance whose drain is over: to end its calls and to be destroyed.
    private static let closeSecondsMin = 5.0

    /// Serves from now on, first of all the calls that wait. False, and nothing has happened, when the slot was closed
    /// meanwhile.
    func fill(_ channel: any Channel) -> Bool {
        let life = Life(channel: channel), isolation = channel.status.isolation
        let before = state.withLock { $0.phase.life }?.channel.status.restarts ?? 0
        let held = state.withLock { state -> [HeldCall]? in
            if case .closed = state.phase { return nil }
            state.restarts += before + 1
            state.phase = .serving(life)
            state.isolation = isolation
            for call in state.held { state.released[call.request.callID] = false }
            defer { state.held = [] }
            return state.held
        }
        guard let held else { return false }
        for call in held {
            invoke(call.request, into: call.sink)
            let isCancelled = state.withLock { $0.released.removeValue(forKey: call.request.callID) }
            if isCancelled == true { cancel(call.request.callID) }
        }
        return true
    }

    /// No instance could be created: calls are refused with 503.
    func fail(_ reason: String) {
        let held = state.withLock { state -> [HeldCall] in
            if case .closed = state.phase { return [] }
            state.phase = .failed(reason)
            defer { state.held = [] }
            return state.held
        }
        for call in held { call.sink.finish(failure(reason)) }
    }

    /// Why there is no instance; nil where one serves, or is to come.
    var failureReason: String? {
        guard case .failed(let reason) = state.withLock({ $0.phase }) else { return nil }
        return reason
    }

    private var isClosed: Bool {
        guard case .closed = state.withLock({ $0.phase }) else { return false }
        return true
    }

    private static let shuttingDown = CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)

    /// The reason may name files: it is for the operator.
    private func failure(_ reason: String) -> CallError {
        var error = CallError(
            .providerUnavailable, "the provider \(label) could not be created again and stays down",
            retryAfterSeconds: 30)
        error.operatorMessage = reason
        return error
    }

    @discardableResult
    func close(withinSeconds seconds: Double) async -> Bool {
        let (life, held) = state.withLock { state -> (Life?, [HeldCall]) in
            let life = state.phase.life
            state.phase = .closed
            defer { state.held = [] }
            return (life, state.held)
        }
        for call in held { call.sink.finish(Self.shuttingDown) }
        guard let life else { return true }
        let isDone = await life.channel.close(withinSeconds: seconds)
        let lastEnd = life.channel.status.lastEnd
        state.withLock { $0.lastEnd = lastEnd }
        return isDone
    }

    // MARK: status

    var status: ChannelStatus {
        let (phase, since, held, restarts, isolation, lastEnd) = state.withLock {
            ($0.phase, $0.since, $0.held.count, $0.restarts, $0.isolation, $0.lastEnd)
        }
        var status: ChannelStatus
        switch phase {
        case .serving(let life): status = life.channel.status
        case .held(let before):
            status = ChannelStatus(isolation: isolation, state: .restarting, since: since)
            status.openCalls = held + (before?.channel.status.openCalls ?? 0)
        case .failed: status = ChannelStatus(isolation: isolation, state: .failed, since: since)
        case .closed:
            status = ChannelStatus(isolation: isolation, state: .stopped, since: since)
            status.lastEnd = lastEnd
        }
        status.restarts += restarts
        return status
    }

    var memoryBytes: Int? { state.withLock { $0.phase.life }?.channel.memoryBytes }

    func restart() async throws(CallError) {
        let phase = state.withLock { $0.phase }
        switch phase {
        case .serving(let life): try await life.channel.restart()
        case .held: throw CallError(.providerUnavailable, "it is being created again already")
        case .failed(let reason):
            throw CallError(.providerUnavailable, "it could not be created (\(reason)); mend the file and reload it")
        case .closed: throw Self.shuttingDown
        }
    }
}
