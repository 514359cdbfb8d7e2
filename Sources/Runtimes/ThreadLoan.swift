import ContractBridge
import Foundation
import Synchronization

/// The stack that a provider's function finds, whatever thread it is called on.
enum ProviderStack { static let bytes = 8 << 20 }

/// The loan of a caller's thread to the functions of one instance, or to the wait for its process, which have to be
/// prompt.
struct ThreadLoan {
    var promptness = Promptness()
    /// At most one runs on its caller's thread, so that one that blocks after all holds one such thread and no second.
    private var isOut = false
    /// It is one of Swift's.
    private var isShared = false

    /// Whether a caller may go in now; it calls `end` when it is out.
    ///
    /// - Parameter isShared: the caller is on one of Swift's shared threads.
    mutating func begin(isShared: Bool) -> Bool {
        guard promptness.isEarned, !isOut, !isShared || SharedThreads.lend() else { return false }
        (isOut, self.isShared) = (true, isShared)
        return true
    }

    mutating func end() {
        isOut = false
        if isShared { SharedThreads.giveBack() }
    }
}

/// The threads of Swift's shared pool that are lent: at most half of the pool, none where it has but one thread, and
/// none where its stacks are smaller than those of an instance's own threads.
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
        return limit.rlim_cur >= rlim_t(ProviderStack.bytes)
    }
}
