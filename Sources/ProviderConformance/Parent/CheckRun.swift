/// The outcome of one check: the child's report as results.
struct CheckRun: Sendable {
    let check: Check
    let provider: String
    let report: ChildReport
    private(set) var results: [CheckResult]

    /// The providers that a library holds, from the check that loads it.
    var providers: [String] { report.providers }

    init(_ check: Check, provider: String, _ report: ChildReport) {
        (self.check, self.provider, self.report) = (check, provider, report)
        if let fault = report.fault {
            // Failures found before the end still count.
            results = report.results.filter { $0.outcome == .failed }.map { Self.result(check, provider, $0) }
            results.append(CheckResult(provider: provider, check: check.name, outcome: .failed, detail: fault))
        } else if report.results.isEmpty {
            results = [CheckResult(provider: provider, check: check.name, outcome: .passed)]
        } else {
            results = report.results.map { Self.result(check, provider, $0) }
        }
    }

    private static func result(_ check: Check, _ provider: String, _ line: ChildReport.Result) -> CheckResult {
        CheckResult(
            provider: provider, check: check.name, subject: line.subject, outcome: line.outcome, detail: line.detail)
    }
}
