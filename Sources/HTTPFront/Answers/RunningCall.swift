import Host
import LlamaStackAPI

/// A running call, for as long as its answer may still be sent. It ends early when its client leaves or when the
/// drain's time is up; both forget it when this object is released.
final class RunningCall: Sendable {
    private let answer: Answer
    private let presence: ConnectionMonitor
    private let drain: Drain
    private let body: BodyBudget.Share
    private let leaving: Int
    private let draining: Int
    private let isCut = Flag()

    /// Throws, and cancels the call, once the drain has begun.
    init(_ answer: Answer, presence: ConnectionMonitor, drain: Drain, body: BodyBudget.Share) throws(CallError) {
        (self.answer, self.presence, self.drain, self.body) = (answer, presence, drain, body)
        draining = try drain.enter { [isCut] in
            isCut.set()
            answer.cancel()
        }
        leaving = presence.onDeparture { answer.cancel() }
    }

    deinit {
        presence.forget(leaving)
        drain.leave(draining)
    }

    func nextParts() async throws(CallError) -> [AnswerPart]? {
        do throws(CallError) { return try await answer.nextParts() } catch { throw seen(error) }
    }

    func collect() async throws(CallError) -> [UInt8] {
        do throws(CallError) { return try await answer.collect() } catch { throw seen(error) }
    }

    /// A client that the drain cuts off is still there, and is told why.
    private func seen(_ error: CallError) -> CallError {
        error.code == .cancelled && isCut.isSet ? Drain.refusal : error
    }
}
