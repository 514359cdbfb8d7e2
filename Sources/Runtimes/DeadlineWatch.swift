import Dispatch
import Synchronization

/// Tells which calls of one instance have passed their deadlines. One timer for all of them: one for each would lie
/// there until its deadline, long after most calls have ended.
final class DeadlineWatch: Sendable {
    private struct Watched: Sendable {
        /// In nanoseconds of CLOCK_MONOTONIC.
        var deadline: Int64
        var passed: @Sendable () -> Void
    }

    private struct State {
        var calls: [UInt64: Watched] = [:]
        /// When the timer that counts rings; what an earlier one finds is nothing.
        var ringsAt = Int64.max
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - deadline: 0 is none.
    ///   - passed: called once when it has passed, on a thread that may not be kept.
    func add(_ callID: UInt64, deadline: Int64, passed: @escaping @Sendable () -> Void) {
        guard deadline != 0 else { return }
        let isFirst = state.withLock { state -> Bool in
            state.calls[callID] = Watched(deadline: deadline, passed: passed)
            guard deadline < state.ringsAt else { return false }
            state.ringsAt = deadline
            return true
        }
        if isFirst { ring(at: deadline) }
    }

    /// It has ended.
    func remove(_ callID: UInt64) { state.withLock { _ = $0.calls.removeValue(forKey: callID) } }

    var count: Int { state.withLock { $0.calls.count } }

    private func ring(at deadline: Int64) {
        DispatchQueue.global().asyncAfter(deadline: DispatchTime(uptimeNanoseconds: UInt64(max(1, deadline)))) {
            [weak self] in self?.rang(deadline)
        }
    }

    private func rang(_ deadline: Int64) {
        let now = Int64(clamping: DispatchTime.now().uptimeNanoseconds)
        let (late, next) = state.withLock { state -> ([Watched], Int64?) in
            guard state.ringsAt == deadline else { return ([], nil) }
            let late = state.calls.filter { $0.value.deadline <= now }
            for callID in late.keys { state.calls[callID] = nil }
            state.ringsAt = state.calls.values.map(\.deadline).min() ?? .max
            return (Array(late.values), state.ringsAt == .max ? nil : state.ringsAt)
        }
        for call in late { call.passed() }
        if let next { ring(at: next) }
    }
}
