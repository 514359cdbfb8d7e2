import CChildProcess
import Foundation
import ProviderKit
import Synchronization

/// Ends another thread's wait for descriptors, from any thread.
final class Alarm: Sendable {
    let descriptor: Int32
    private let ringer: Int32
    private let cancelled = Atomic<Bool>(false)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard ccp_pipe(&ends) == 0 else { throw ProviderError(.providerUnavailable, "no descriptors for a cage") }
        (descriptor, ringer) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(ringer)
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        ring()
    }

    func ring() { _ = write(ringer, [1], 1) }

    func silence() {
        var bytes = [UInt8](repeating: 0, count: 16)
        _ = read(descriptor, &bytes, bytes.count)
    }
}
