import Synchronization

/// Counts who is inside, lets nobody in once it is closed, and says when the last one has left.
///
/// Never blocks: whoever leaves last runs what `close` was given. Any thread.
final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        var whenEmpty: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// False when the gate is closed. Each true is answered by one ``leave()``.
    func enter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inside += 1
            return true
        }
    }

    func leave() {
        let last = state.withLock { state -> (@Sendable () -> Void)? in
            state.inside -= 1
            guard state.inside == 0 else { return nil }
            defer { state.whenEmpty = nil }
            return state.whenEmpty
        }
        last?()
    }

    /// Runs `whenEmpty` once, when nobody is inside any more: at once, on this stack, if that is so. A second close does
    /// nothing.
    func close(_ whenEmpty: @escaping @Sendable () -> Void) {
        let isEmpty = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            if state.inside > 0 { state.whenEmpty = whenEmpty }
            return state.inside == 0
        }
        if isEmpty { whenEmpty() }
    }
}
