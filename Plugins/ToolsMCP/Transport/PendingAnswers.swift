import ContractBridge
import Dispatch
import ProviderKit
import Synchronization

/// The requests of one connection that wait for their answers. Any thread.
final class PendingAnswers: Sendable {
    typealias Answer = Once<Result<JSON, ServerFault>>

    private struct State {
        var lastID: Int64 = 0
        var waiting: [Int64: Answer] = [:]
        var end: ServerFault?
    }
    private let state = Mutex(State())
    /// Timers of Dispatch: one of Swift's that is cancelled stays in memory until its time has come.
    private static let timers = DispatchQueue(label: "mcp-limits")

    /// Sends what `write` makes of a new id, and waits for the answer with that id. `abandon` is called with the id
    /// when its caller does not wait for it any more.
    func answer(
        _ request: ServerRequest, write: (Int64) -> Void, abandon: @escaping @Sendable (Int64, _ why: String) -> Void
    ) async throws -> JSON {
        let answer = Answer()
        let id = try state.withLock { state throws(ServerFault) in
            if let end = state.end { throw end }
            state.lastID += 1
            state.waiting[state.lastID] = answer
            return state.lastID
        }
        let late = ServerFault.late(
            method: request.method, seconds: request.limit.seconds, key: request.limit.key)
        let timer = DispatchSource.makeTimerSource(queue: Self.timers)
        timer.schedule(deadline: .now() + request.limit.seconds)
        timer.setEventHandler { [self] in if settle(id, .failure(late)) { abandon(id, "it took too long") } }
        timer.activate()
        defer { timer.cancel() }
        write(id)
        let result = await withTaskCancellationHandler {
            await answer.value()
        } onCancel: {
            if settle(id, .failure(.gone("the call was cancelled"))) { abandon(id, "the caller has left") }
        }
        try Task.checkCancellation()
        return try result.get()
    }

    /// False for an id that nothing waits for: another's, or one that was answered already.
    @discardableResult
    func settle(_ id: Int64, _ result: Result<JSON, ServerFault>) -> Bool {
        guard let answer = state.withLock({ $0.waiting.removeValue(forKey: id) }) else { return false }
        return answer.set(result)
    }

    /// Whether a request had that id, whatever became of it.
    func hasMade(_ id: Int64) -> Bool { state.withLock { id >= 1 && id <= $0.lastID } }

    /// Fails what waits and what comes later. The first end counts.
    func end(_ fault: ServerFault) {
        let waiting = state.withLock { state in
            state.end = state.end ?? fault
            defer { state.waiting = [:] }
            return state.waiting
        }
        for answer in waiting.values { answer.set(.failure(fault)) }
    }

    var isEmpty: Bool { state.withLock { $0.waiting.isEmpty } }
}
