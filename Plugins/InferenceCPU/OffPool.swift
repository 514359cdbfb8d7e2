import Dispatch

extension DispatchQueue {
    /// Runs work that computes or blocks for more than a moment on a thread of this queue: Swift's shared threads are as
    /// many as cores, and everyone's.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }
}
