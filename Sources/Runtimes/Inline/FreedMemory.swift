import CProcessGuard
import Dispatch
import Synchronization

/// Returns memory that was freed to the system, some time after a provider has taken a resource: reading a model's file
/// and its vocabulary leaves over ten megabytes with the allocator.
enum FreedMemory {
    private static let isDue = Atomic(false)
    /// By then what a provider prepares behind its answer has been prepared.
    private static let delaySeconds = 2.0

    static func returnSoon() {
        guard !isDue.exchange(true, ordering: .relaxed) else { return }
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + delaySeconds) {
            isDue.store(false, ordering: .relaxed)
            pg_return_memory()
        }
    }
}
