import Host
import LlamaStackAPI
import Synchronization

/// The limit on all request bodies together, from their first byte until their calls have ended. Each route's limit
/// times the number of connections is more memory than a machine has.
final class BodyBudget: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var bytes: Int { taken.withLock { $0 } }

    /// One body's part. It is returned when this object is released.
    final class Share: Sendable {
        private let budget: BodyBudget
        private let held = Mutex(0)

        fileprivate init(_ budget: BodyBudget) { self.budget = budget }

        /// Bytes that this request's body has taken so far.
        var bytes: Int { held.withLock { $0 } }

        func take(_ count: Int) throws(CallError) {
            let isTaken = budget.taken.withLock { taken in
                guard count <= budget.bytesMax - taken else { return false }
                taken += count
                return true
            }
            guard isTaken else {
                throw CallError(
                    .queueFull,
                    "too many request bytes in flight: server.limits.bodies_bytes_max is \(budget.bytesMax); retry later",
                    retryAfterSeconds: 1)
            }
            held.withLock { $0 += count }
        }

        deinit {
            let count = held.withLock { $0 }
            budget.taken.withLock { $0 -= count }
        }
    }

    func share() -> Share { Share(self) }
}
