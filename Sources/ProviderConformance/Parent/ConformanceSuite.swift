import Foundation
import LlamaStackAPI

/// Puts a provider library through what the contract asks of it, each check in a process of its own: a provider that
/// crashes, ends its process or hangs fails that check, and the next one is run.
package struct ConformanceSuite: Sendable {
    package var library: String
    package var config: JSON
    /// The bodies that `register` is called with before the samples: {"kind": "model", "id", "path"?}. The first model
    /// is the one that samples name.
    package var resources: [JSON]
    /// How long create, destroy and each call may take.
    package var secondsMax: Double
    package enum Isolation: String, Sendable, CaseIterable {
        /// In the process of the check.
        case inline
        /// In one more process, by the host's own runtime; what is about pointers stays inline.
        case process
    }

    /// Where the provider's code runs.
    package var isolation = Isolation.inline
    /// The checks to run; nil: all.
    package var only: [String]?
    /// Nothing more is begun after the first failure.
    package var stopsAtFailure = false
    /// The `llama-stack` command, which runs each check; nil: this process's own executable.
    package var executable: String?
    /// More variables of the checks' environment.
    package var environment: [String: String] = [:]
    /// Two checks at once halve the time; with models in memory they would double the memory.
    package var checksAtOnce: Int

    package init(library: String, config: JSON = .object([:]), resources: [JSON] = [], secondsMax: Double = 10) {
        (self.library, self.config, self.resources, self.secondsMax) = (library, config, resources, secondsMax)
        checksAtOnce = resources.isEmpty ? 2 : 1
    }

    /// - Parameter report: hears of each result when it is known, in the order of the checks.
    package func run(report: @escaping @Sendable (CheckResult) -> Void = { _ in }) async -> ConformanceReport {
        let runner = SuiteRunner(self, report: report)
        return await withCheckedContinuation { continuation in
            // A thread of its own: children die with the thread that started them.
            Thread.detachNewThread { continuation.resume(returning: ConformanceReport(results: runner.run())) }
        }
    }
}
