/// A breach of the contract: what was wanted and what was found, or why the check could not run.
struct CheckFailure: Error {
    var message: String
    var outcome = CheckResult.Outcome.failed

    init(_ message: String) { self.message = message }
    static func skip(_ why: String) -> CheckFailure {
        var failure = CheckFailure(why)
        failure.outcome = .skipped
        return failure
    }
}

/// Rules that hold in every check. Each has a check of its own to which it is reported.
enum Rule: String, Sendable, CaseIterable {
    case finish, writes, errors, prompt, host, state, output
}
