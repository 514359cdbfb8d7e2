import ProviderKit
import Synchronization

/// What happened to calls, by the names that their scripts gave them. One for all stacks of a process: a test asks one
/// server what became of a call on another. Names must be a test's own.
final class Ledger: Sendable {
    static let shared = Ledger()

    struct Tally: Sendable {
        var started = 0
        var sent = 0
        var released = 0
        var ended = 0
        var cancelled = 0
        var failed = 0

        var text: String {
            "started \(started) sent \(sent) ended \(ended) cancelled \(cancelled) failed \(failed)"
        }

        func count(of word: String) -> Int {
            switch word {
            case "started": started
            case "sent": sent
            case "ended": ended
            case "cancelled": cancelled
            case "failed": failed
            default: 1
            }
        }
    }

    private let tallies = Mutex<[String: Tally]>([:])

    func count(_ what: WritableKeyPath<Tally, Int>, _ name: String) {
        guard !name.isEmpty else { return }
        tallies.withLock { $0[name, default: Tally()][keyPath: what] += 1 }
    }

    /// Waits, as long as the caller does, until something of this kind happened.
    func tally(_ name: String, until word: String) async throws -> Tally {
        while true {
            let tally = tallies.withLock { $0[name, default: Tally()] }
            if tally.count(of: word) > 0 { return tally }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits for the gate to have been opened `times`.
    func pass(_ name: String, _ times: Int) async throws {
        while tallies.withLock({ $0[name, default: Tally()].released }) < times {
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
