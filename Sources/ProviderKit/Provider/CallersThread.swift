import Foundation
import Synchronization

/// The thread that called `invoke`, on which a call's task has begun.
final class CallersThread: Sendable {
    private let thread = pthread_self()
    private let hasReturned = Atomic(false)

    /// Called on it when `invoke` is about to return.
    func returns() { hasReturned.store(true, ordering: .relaxed) }

    /// Goes on on one of Swift's threads. One yield may not be enough: where another thread resumes the task before
    /// this one has come to wait, it goes on here.
    func leave() async {
        while pthread_equal(thread, pthread_self()) != 0, !hasReturned.load(ordering: .relaxed) { await Task.yield() }
    }
}
