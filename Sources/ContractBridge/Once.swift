import Dispatch
import Synchronization

/// A value that arrives once, from any thread. The first one counts.
package final class Once<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var observers: [@Sendable (Value) -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// False when there was one already.
    @discardableResult
    package func set(_ value: Value) -> Bool {
        let observers: [@Sendable (Value) -> Void]? = state.withLock { state in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.observers = [] }
            return state.observers
        }
        for observe in observers ?? [] { observe(value) }
        return observers != nil
    }

    /// For waiting with a limit.
    package func set(_ value: Value, afterSeconds seconds: Double) {
        DispatchQueue.global().asyncAfter(deadline: .now() + max(0, seconds)) { self.set(value) }
    }

    /// nil before it has arrived.
    package var current: Value? { state.withLock { $0.value } }

    /// At once, on this stack, when it has arrived.
    package func whenSet(_ observe: @escaping @Sendable (Value) -> Void) {
        let value = state.withLock { state -> Value? in
            if state.value == nil { state.observers.append(observe) }
            return state.value
        }
        if let value { observe(value) }
    }

    package func value() async -> Value {
        await withCheckedContinuation { continuation in whenSet { continuation.resume(returning: $0) } }
    }

    /// For a thread that may block.
    package func waitBlocking() -> Value {
        if let current { return current }
        let signal = DispatchSemaphore(value: 0)
        whenSet { _ in signal.signal() }
        signal.wait()
        return waitBlocking()
    }
}

extension Once where Value == Void {
    package func fire() { set(()) }

    /// Returns after ``fire()``, or as soon as the task is cancelled.
    package func fired() async {
        await withTaskCancellationHandler {
            await value()
        } onCancel: {
            fire()
        }
    }
}
