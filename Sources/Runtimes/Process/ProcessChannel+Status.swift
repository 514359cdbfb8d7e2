import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI

extension ProcessChannel {
    /// How long an instance that is to be started again may take over its `destroy`.
    private static let destroySecondsMax = 10.0

    package var status: ChannelStatus {
        let (phase, since, restarts, openCalls, lastEnd) = state.withLock {
            ($0.phase, $0.phaseSince, $0.restarts, $0.calls.count, $0.lastEnd)
        }
        var status = ChannelStatus(isolation: "process", state: .running)
        status.lastEnd = lastEnd
        switch phase {
        case .running(let process):
            status.pid = process.pid
            if let stuck = process.health.stuck {
                (status.state, status.since, status.blockedIn) = (.stuck, stuck.since, stuck.what)
            }
        case .restarting: (status.state, status.since) = (.restarting, since)
        case .failed: (status.state, status.since) = (.failed, since)
        case .closed: (status.state, status.since) = (.stopped, since)
        }
        (status.restarts, status.openCalls) = (restarts, openCalls)
        return status
    }

    package var memoryBytes: Int? {
        guard case .running(let process) = state.withLock({ $0.phase }), let facts = process.facts else { return nil }
        return facts.proportionalBytes ?? facts.residentBytes
    }

    func ping() {
        guard case .running(let process) = state.withLock({ $0.phase }) else { return }
        process.ping()
    }

    /// Its crashes are forgotten: this one is none, and it may crash as often as a new one. One that waits to start
    /// again after a crash starts at once.
    package func restart() async throws(CallError) {
        let (before, isWaiting, calls) = state.withLock { state -> (Phase, Bool, [OpenRemoteCall]) in
            let before = state.phase
            guard case .closed = before else {
                state.history = CrashHistory(settings.restart)
                state.phase = .restarting
                return (before, state.takeWaitingStart(), Array(state.calls.values))
            }
            return (before, false, [])
        }
        switch before {
        case .closed: throw CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
        // One that is under way is waited for.
        case .restarting: if isWaiting { await startAgain() }
        case .failed: await startAgain()
        case .running(let process):
            host.log.log(.info, "is started again, as the operator asked", source: setup.label)
            await end(process, calls)
            await startAgain()
        }
        try await untilRunning()
    }

    private func end(_ process: ProviderProcess, _ calls: [OpenRemoteCall]) async {
        for call in calls {
            if let number = call.number { process.peer.cancel(number) }
            call.finish(
                CallError(
                    .providerUnavailable, "the provider \(setup.label) is being started again", retryAfterSeconds: 1))
        }
        var request = CallRequest(method: "destroy")
        request.target = PeerTarget.destroy
        request.body = Array(String(Self.destroySecondsMax).utf8)
        let (_, error) = await process.answer(request, withinSeconds: Self.destroySecondsMax)
        if let error { host.log.log(.warning, "was not stopped in order: \(error.message)", source: setup.label) }
        process.stop(graceSeconds: error == nil ? 0 : 2)
        // Its state is locked until it has ended.
        _ = await process.end()
    }

    /// A start that failed is tried again with waits between, as after a crash.
    private func untilRunning() async throws(CallError) {
        let end = ContinuousClock.now + .seconds(createSecondsMax)
        while ContinuousClock.now < end {
            switch state.withLock({ $0.phase }) {
            case .running: return
            case .failed:
                throw CallError(.providerUnavailable, "it could not be started again and stays down; the log says why")
            case .closed: throw CallError(.shuttingDown, "the server is shutting down", retryAfterSeconds: 5)
            case .restarting:
                do { try await Task.sleep(for: .milliseconds(20)) } catch {
                    throw CallError(.cancelled, "the wait for it was cancelled")
                }
            }
        }
        throw CallError(
            .providerTimeout, "it has not started again within \(Quote.seconds(createSecondsMax)) s; the log says why")
    }
}
