/// What the contract asks, and what was seen instead; or why there was nothing to see.
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

/// What holds in every check, whatever the check is about. Each has a check of its own to which it is reported.
enum Rule: String, Sendable, CaseIterable {
    case finish, writes, errors, prompt, host, state, output
}
