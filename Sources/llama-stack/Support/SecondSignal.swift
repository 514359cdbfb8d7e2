import Dispatch
import Foundation
import Synchronization

/// Ends the process at once when it is told a second time to stop: somebody will not wait for the drain. The first time is
/// the server's own affair. Works as long as it is held.
final class SecondSignal: Sendable {
    private let count = Atomic<Int>(0)
    // Made and started in init, and not touched again.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [weak self] in
                guard let self, count.add(1, ordering: .relaxed).newValue > 1 else { return }
                Output.error("told twice to stop: ending at once")
                _exit(128 + number)
            }
            source.resume()
            sources.append(source)
        }
    }

    deinit { for source in sources { source.cancel() } }
}
