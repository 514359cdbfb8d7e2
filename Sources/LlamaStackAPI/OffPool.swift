import Dispatch

/// Threads for work that takes longer than a moment. Swift has as many shared threads as there are cores: code that
/// computes or blocks on one delays answers that have nothing to do with it.
package enum OffPool {
    /// Up to this many bytes of JSON are read, or copied, in a fraction of a millisecond.
    package static let bytesMax = 64 << 10

    private static let blocking = DispatchQueue(label: "llama-stack.blocking", attributes: .concurrent)
    // Dispatch has threads of their own for each quality of service. Swift's tasks run on those of another, and so do
    // the providers' long computations.
    private static let computing = DispatchQueue(
        label: "llama-stack.computing", qos: .userInitiated, attributes: .concurrent)

    /// Work that may block: files, `dlopen`, a provider's own functions.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            blocking.async { continuation.resume(returning: work()) }
        }
    }

    package static func start(_ work: @escaping @Sendable () -> Void) { blocking.async(execute: work) }

    /// Computes over `bytes` bytes: here when they are few, else on a thread that no other task shares.
    package static func run<Value: Sendable>(
        bytes: Int, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        bytes > bytesMax ? try await computing.run(work) : try work()
    }
}

extension DispatchQueue {
    /// Runs work on a thread of this queue.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
