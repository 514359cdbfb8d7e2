import Dispatch
import Synchronization

/// Something that is done behind the callers' backs whenever there may be something to do, by one task at a time.
package final class BackgroundWork: Sendable {
    private enum State {
        case idle, running, runningAndWoken, stopped
    }

    private let state = Mutex<(state: State, task: Task<Void, Never>?)>((.idle, nil))
    /// When the next look is due that `wake(in:)` has asked for; nil where none is.
    private let due = Mutex<ContinuousClock.Instant?>(nil)
    private let queue = DispatchQueue(label: "memory-wake", qos: .utility)

    package init() {}

    /// There may be something to do: runs `body`, and once more when it was woken meanwhile.
    package func wake(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            switch state.state {
            case .idle:
                state = (
                    .running,
                    Task {
                        repeat { await body() } while self.continues()
                    }
                )
            case .running: state.state = .runningAndWoken
            case .runningAndWoken, .stopped: break
            }
        }
    }

    /// The same later. One that comes sooner anyway serves: who asks at the end of each run would have more and more of them.
    package func wake(in seconds: Double, _ body: @escaping @Sendable () async -> Void) {
        let then = ContinuousClock.now + .seconds(seconds)
        let isNeeded = due.withLock { due in
            if let due, due <= then { return false }
            due = then
            return true
        }
        guard isNeeded else { return }
        queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.due.withLock { if $0 == then { $0 = nil } }
            self?.wake(body)
        }
    }

    /// Nothing begins any more; returns when what runs has ended. It should look at ``isStopped``.
    package func stop(cancelling: Bool = false) async {
        let task = state.withLock { state in
            state.state = .stopped
            return state.task
        }
        if cancelling { task?.cancel() }
        await task?.value
    }

    package var isStopped: Bool { state.withLock { $0.state == .stopped } }

    private func continues() -> Bool {
        state.withLock { state in
            guard state.state == .runningAndWoken else {
                if state.state == .running { state = (.idle, nil) }
                return false
            }
            state.state = .running
            return true
        }
    }
}
