import Synchronization

/// Numbers for calls, each once in this process.
package final class CallIDs: Sendable {
    private let last = Atomic<UInt64>(0)
    package init() {}
    package func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
