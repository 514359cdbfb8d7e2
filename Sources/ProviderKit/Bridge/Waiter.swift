import Foundation
import Synchronization

/// One who waits for one signal, which may come before the waiting begins, and from several sides: the first counts.
final class Waiter: Sendable {
    private struct State {
        var isFired = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    func fire() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isFired = true
            defer { state.wake = nil }
            return state.wake
        }
        wake?()
    }

    /// Returns after ``fire()``, or as soon as the task is cancelled. One caller.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in onFire { continuation.resume() } }
        } onCancel: {
            fire()
        }
    }

    /// The same for a thread of one's own, without regard to tasks.
    func waitBlocking() {
        let signal = DispatchSemaphore(value: 0)
        onFire { signal.signal() }
        signal.wait()
    }

    private func onFire(_ wake: @escaping @Sendable () -> Void) {
        let isFired = state.withLock { state in
            if !state.isFired { state.wake = wake }
            return state.isFired
        }
        if isFired { wake() }
    }
}
