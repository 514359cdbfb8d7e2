import ProviderKit
import Synchronization

/// Says in the log how far a model is that takes long to load: once a second, from the second second on.
final class LoadingReport: Sendable {
    private let id: String
    private let log: Log
    private let start: ContinuousClock.Instant
    private let secondsSaid = Atomic(0)

    init(id: String, log: Log, start: ContinuousClock.Instant = .now) {
        (self.id, self.log, self.start) = (id, log, start)
    }

    /// From any thread.
    func note(_ share: Double, at now: ContinuousClock.Instant = .now) {
        let seconds = Int((now - start) / .seconds(1))
        let said = secondsSaid.load(ordering: .relaxed)
        guard seconds > said,
            secondsSaid.compareExchange(expected: said, desired: seconds, ordering: .relaxed).exchanged
        else { return }
        log.info("loading model \(id): \(Int(share * 100)) %", ["model": id, "seconds": "\(seconds)"])
    }
}
