import Foundation
import Host
import LlamaStackAPI
import Synchronization

/// Writers on `remote::pgvector` go on while their server is killed, or stopped for a while, again and again. What
/// they were told must be true: what was acknowledged is there, and of what was refused as "nothing was kept" nothing
/// is.
package struct PostgresRounds: Sendable {
    package enum Fault: String, Sendable, CaseIterable {
        /// SIGKILL to all of its processes, then a new start.
        case killed
        /// SIGQUIT, as `pg_ctl stop -m immediate` sends it, then a new start.
        case stopped
        /// SIGKILL to the process of one connection: the server throws all of them out and recovers by itself.
        case backendKilled = "backend killed"
        /// SIGSTOP to all of its processes, later SIGCONT.
        case paused
    }

    package struct Result: Sendable {
        package var rounds: [Fault: Int] = [:]
        package var acknowledged = 0
        package var refused = 0
        /// Answers that said that the outcome is not known.
        package var unknown = 0
        package var living = 0
        package var wrong: [String] = []
        package var slowestRefusalSeconds = 0.0
        /// From the server's return to the next acknowledged write.
        package var slowestRecoverySeconds = 0.0
    }

    package var faults: [Fault]
    package var writers: Int
    package var seed: UInt64
    package var pauseSeconds = 3.0

    package init(faults: [Fault], writers: Int, seed: UInt64) {
        (self.faults, self.writers, self.seed) = (faults, writers, seed)
    }

    package func run(_ report: (Int, Result) -> Void = { _, _ in }) async throws -> Result {
        let server = try PostgresServer()
        let banks = try await BankServer(
            state: server.folder + "/state", config: server.config(schema: "torture"), provider: "remote::pgvector")
        try await persistently { try await banks.create(WriterPool.bank) }
        var result = Result()
        let ledger = Ledger()
        var random = SplitMix(seed: seed)
        for (round, fault) in faults.enumerated() {
            ledger.isOver.store(false, ordering: .relaxed)
            let delay = 50 + Int(random.next() % 250)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<writers {
                    group.addTask { await write(writer, round, banks, ledger) }
                }
                group.addTask {
                    // Also when the server does not come back: the writers must end.
                    defer { ledger.isOver.store(true, ordering: .relaxed) }
                    try await Task.sleep(for: .milliseconds(delay))
                    try await meet(fault, server)
                    let before = ledger.state.withLock { state in
                        state.returnedAt = .now
                        return state.oracle.acknowledged
                    }
                    let limit = ContinuousClock.now + .seconds(20)
                    // Each must have come through again.
                    while ledger.state.withLock(\.oracle.acknowledged) < before + writers, .now < limit {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
                try await group.waitForAll()
            }
            result.rounds[fault, default: 0] += 1
            let checked = ledger.state.withLock { $0 }
            let (oracle, wrong) = try await persistently {
                var oracle = checked.oracle
                let wrong = try await oracle.check(banks)
                return (oracle, wrong)
            }
            result.wrong += wrong.map { "round \(round), \(fault.rawValue): \($0)" }
            let returned = checked.returnedAt
            let next = checked.acknowledgedAt.filter { $0 > returned }.min() ?? returned + .seconds(20)
            result.slowestRecoverySeconds = max(result.slowestRecoverySeconds, (next - returned) / .seconds(1))
            ledger.state.withLock { state in
                state.oracle = oracle
                state.acknowledgedAt = []
            }
            (result.acknowledged, result.living) = (oracle.acknowledged, oracle.living)
            (result.refused, result.unknown) = (checked.refused, checked.unknown)
            result.slowestRefusalSeconds = checked.slowestRefusalSeconds
            report(round, result)
        }
        await banks.stop()
        return result
    }

    /// Asks again as a client does that is told Retry-After, for a minute: on a machine with other work the server may
    /// be away for longer than one call waits.
    private func persistently<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
        let limit = ContinuousClock.now + .seconds(60)
        while true {
            do { return try await call() } catch let error as CallError
                where error.code == .providerUnavailable && .now < limit
            {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func meet(_ fault: Fault, _ server: PostgresServer) async throws {
        switch fault {
        case .killed:
            server.kill()
            try await Task.sleep(for: .milliseconds(300))
            try server.start()
        case .stopped:
            server.stopImmediately()
            try await Task.sleep(for: .milliseconds(300))
            try server.start()
        case .backendKilled: server.killOneBackend()
        case .paused:
            server.pause()
            try await Task.sleep(for: .seconds(pauseSeconds))
            server.resume()
        }
    }

    /// The record of all writers.
    private final class Ledger: Sendable {
        struct State: Sendable {
            var oracle = Oracle()
            var refused = 0
            var unknown = 0
            var slowestRefusalSeconds = 0.0
            var acknowledgedAt: [ContinuousClock.Instant] = []
            /// The server, from its latest fault.
            var returnedAt = ContinuousClock.now
        }

        let state = Mutex(State())
        let isOver = Atomic(false)
    }

    /// Until it is over. A document whose state is not known is left alone from then on.
    private func write(
        _ writer: Int, _ round: Int, _ banks: BankServer, _ ledger: Ledger
    ) async {
        var random = SplitMix(seed: seed &+ UInt64(writer) << 32 &+ UInt64(round))
        var living: [(id: String, version: Int)] = []
        var number = 0
        while !ledger.isOver.load(ordering: .relaxed) {
            number += 1
            let index = living.isEmpty ? 0 : Int(random.next() % UInt64(living.count))
            switch living.isEmpty ? 0 : random.next() % 4 {
            case 2:
                let (id, version) = (living[index].id, living[index].version + 1)
                let isDone = await step("update", id, version, ledger) {
                    try await banks.update([Workload.document(id, version: version)], WriterPool.bank, key: $0)
                }
                if isDone { living[index].version = version } else { living.remove(at: index) }
            case 3:
                let (id, version) = living.remove(at: index)
                _ = await step("delete", id, version, ledger) {
                    _ = try await banks.delete([id], WriterPool.bank, key: $0)
                }
            default:
                let id = "\(round)-\(writer)-\(number)"
                let isDone = await step("insert", id, 1, ledger) {
                    try await banks.insert([Workload.document(id, version: 1)], WriterPool.bank, key: $0)
                }
                if isDone { living.append((id, 1)) }
            }
        }
    }

    /// True when it was acknowledged. One whose outcome is not known is made again under its key, until it is.
    private func step(
        _ kind: String, _ id: String, _ version: Int, _ ledger: Ledger,
        _ call: (_ key: String) async throws -> Void
    ) async -> Bool {
        let words = "\(kind) \(id) \(version)"
        ledger.state.withLock { $0.oracle.hear("begin \(words)") }
        var mayBeDone = false
        while true {
            let start = ContinuousClock.now
            do {
                try await call(words.replacing(" ", with: "/"))
                ledger.state.withLock { ledger in
                    ledger.oracle.hear("done \(words)")
                    ledger.acknowledgedAt.append(.now)
                }
                return true
            } catch {
                let isUndone = "\(error)".contains("nothing of this call was kept")
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                if !isUndone { mayBeDone = true }
                ledger.state.withLock { ledger in
                    ledger.slowestRefusalSeconds = max(ledger.slowestRefusalSeconds, seconds)
                    if isUndone { ledger.refused += 1 } else { ledger.unknown += 1 }
                    if !mayBeDone { ledger.oracle.hear("undone \(words)") }
                }
                if !mayBeDone { return false }
            }
        }
    }
}
