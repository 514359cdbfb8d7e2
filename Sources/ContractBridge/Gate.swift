import Synchronization

/// Counts who is inside, refuses entry once it is closed, and says when the last one has left.
///
/// Never blocks: the last to leave runs what `close` was given. Any thread.
package final class Gate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        var whenEmpty: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// False when the gate is closed. Each true is answered by one ``leave()``.
    package func enter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inside += 1
            return true
        }
    }

    package func leave() {
        let last = state.withLock { state -> (@Sendable () -> Void)? in
            state.inside -= 1
            guard state.inside == 0 else { return nil }
            defer { state.whenEmpty = nil }
            return state.whenEmpty
        }
        last?()
    }

    /// Runs `whenEmpty` once, when it is empty: at once, on this stack, if that is so. A second close does
    /// nothing and answers false.
    @discardableResult
    package func close(_ whenEmpty: @escaping @Sendable () -> Void) -> Bool {
        let (isFirst, isEmpty) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.isClosed = true
            if state.inside > 0 { state.whenEmpty = whenEmpty }
            return (true, state.inside == 0)
        }
        if isEmpty { whenEmpty() }
        return isFirst
    }
}
