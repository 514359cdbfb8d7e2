import Foundation
import LlamaStackAPI

/// A server beside each fault that a provider of `Tests/Fixtures/broken-providers/faults.c` can have: what its calls
/// answer, whether the server stays up, whether its other provider goes on.
package struct FaultRounds: Sendable {
    package static let isolations = ["inline", "process"]
    static let callSecondsMax = 5
    static let cancelSeconds = 1.0
    static let createSecondsMax = 10

    /// `llama-stack`, with the provider `echo` beside it.
    package var executable: String
    /// The library of faults.
    package var library: String
    package var isolations = FaultRounds.isolations
    /// Only these; empty: all.
    package var only: [String] = []
    /// How many servers run at once. They wait most of the time.
    package var width = 6

    package init(executable: String, library: String) {
        (self.executable, self.library) = (executable, library)
    }

    /// In the order of the table, each fault once for each isolation.
    package func run(_ report: @escaping @Sendable (FaultOutcome) -> Void = { _ in }) async throws -> [FaultOutcome] {
        let trials = FaultTable.faults.filter { only.isEmpty || only.contains($0.fault) }.flatMap { row in
            isolations.map { FaultTrial(self, fault: row.fault, checks: row.checks, isolation: $0) }
        }
        return try await withThrowingTaskGroup(of: (Int, FaultOutcome).self) { group in
            var outcomes: [Int: FaultOutcome] = [:]
            for (index, trial) in trials.enumerated() {
                if index >= width, let (index, outcome) = try await group.next() { outcomes[index] = outcome }
                group.addTask { (index, try await trial.outcome(report)) }
            }
            for try await (index, outcome) in group { outcomes[index] = outcome }
            return trials.indices.compactMap { outcomes[$0] }
        }
    }
}

extension FaultTrial {
    fileprivate func outcome(_ report: @escaping @Sendable (FaultOutcome) -> Void) async throws -> FaultOutcome {
        let outcome = try await OffPool.run {
            var trial = self
            return Result { try trial.run() }
        }.get()
        report(outcome)
        return outcome
    }
}
