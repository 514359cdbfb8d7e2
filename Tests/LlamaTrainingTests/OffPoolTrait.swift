import Dispatch
import Testing

/// Runs a suite's tests one after another on a thread of their own. Those that compute for seconds would keep a thread
/// of Swift's pool from all other tests, and there are as many as processors.
struct OffPoolTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(OwnThread.shared) { try await function() }
    }
}

extension Trait where Self == OffPoolTrait {
    static var offPool: OffPoolTrait { OffPoolTrait() }
}

private final class OwnThread: TaskExecutor {
    static let shared = OwnThread()
    private let queue = DispatchQueue(label: "tests that compute")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
