import Dispatch
import Foundation
import Synchronization

/// Whether the functions of one instance may be called on the thread of the caller. Waking a thread of the instance
/// costs an idle machine 40 µs; a function that returns at once needs none. Earned by returning at once many times in a
/// row, lost by being late once.
struct Promptness {
    /// The number of returns in a row, each within `secondsMax`, after which an instance counts as prompt.
    static let returnsMin = 32
    static let secondsMax = 200e-6

    private var returns = 0
    /// A function of this instance runs on its caller's thread: at most one does, so that one that blocks after all
    /// holds one of Swift's shared threads and no second.
    private var isLent = false

    var isEarned: Bool { returns >= Self.returnsMin }

    /// Whether a caller may go in now; it calls `giveBack` when it is out.
    mutating func lend() -> Bool {
        guard isEarned, !isLent, SharedThreads.lend() else { return false }
        isLent = true
        return true
    }

    mutating func giveBack() {
        isLent = false
        SharedThreads.giveBack()
    }

    mutating func returned(afterSeconds seconds: Double) {
        returns = seconds <= Self.secondsMax ? min(returns + 1, Self.returnsMin) : 0
    }
}

/// The threads of Swift's shared pool that are inside providers' functions: at most half of the pool, none where it has
/// but one thread, and none where its stacks are smaller than those of an instance's own threads.
private enum SharedThreads {
    private static let lentMax = hasLargeStacks ? ProcessInfo.processInfo.activeProcessorCount / 2 : 0
    private static let lent = Atomic<Int>(0)

    static func lend() -> Bool {
        guard lent.wrappingAdd(1, ordering: .relaxed).newValue > lentMax else { return true }
        giveBack()
        return false
    }

    static func giveBack() {
        lent.wrappingSubtract(1, ordering: .relaxed)
    }

    /// New threads get the soft limit of RLIMIT_STACK, or 2 MiB where there is none (glibc).
    private static var hasLargeStacks: Bool {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return false
        }
        return limit.rlim_cur >= rlim_t(InvokeThreads.stackBytes)
    }
}
