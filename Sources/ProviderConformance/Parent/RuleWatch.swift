/// Rules hold in every check. A breach is counted against the check that is about the rule, with the name of the check
/// in which it was seen; where that check was not asked for, against the one in which it was seen.
struct RuleWatch {
    private struct Sighting {
        var what: String
        var check: String
    }

    private let selected: Set<Rule>
    private var sightings: [Rule: [Sighting]] = [:]
    private var slowest: [String: Double] = [:]

    init(selected checks: [Check]) { selected = Set(checks.compactMap(\.rule)) }

    mutating func note(_ run: CheckRun) {
        for (function, milliseconds) in run.report.milliseconds {
            slowest[function] = max(slowest[function] ?? 0, milliseconds)
        }
        for broken in run.report.broken where selected.contains(broken.rule) {
            guard !(sightings[broken.rule] ?? []).contains(where: { $0.what == broken.what }) else { continue }
            sightings[broken.rule, default: []].append(Sighting(what: broken.what, check: run.check.name))
        }
    }

    /// The results of a check that is about no rule.
    mutating func judged(_ run: CheckRun) -> [CheckResult] {
        note(run)
        let rest = run.report.broken.filter { !selected.contains($0.rule) }.map(\.what)
        guard !rest.isEmpty else { return run.results }
        let isOwn = { (result: CheckResult) in result.subject.isEmpty && result.outcome == .failed }
        let detail = (run.results.filter(isOwn).map(\.detail) + Self.unique(rest).prefix(5)).joined(separator: "\n")
        let failure = CheckResult(provider: run.provider, check: run.check.name, outcome: .failed, detail: detail)
        return run.results.filter { !$0.subject.isEmpty } + [failure]
    }

    /// The result of a check that is about a rule, once every other one has been noted.
    func verdict(on run: CheckRun) -> [CheckResult] {
        guard let rule = run.check.rule else { return run.results }
        let seen = sightings[rule] ?? []
        if seen.isEmpty {
            guard rule == .prompt, run.results.allSatisfy(\.passed) else { return run.results }
            return run.results.map { result in
                var result = result
                result.detail = times
                return result
            }
        }
        let lines = seen.prefix(5).map { sighting in
            sighting.check == run.check.name ? sighting.what : "\(sighting.what) (seen in \"\(sighting.check)\")"
        }
        let more = seen.count > 5 ? ["and \(seen.count - 5) more"] : []
        let own = run.results.filter { $0.outcome == .failed }.map(\.detail)
        let detail = (own + lines + more).joined(separator: "\n")
        return [CheckResult(provider: run.provider, check: run.check.name, outcome: .failed, detail: detail)]
    }

    /// "at most create 3.1 ms, invoke 0.2 ms".
    private var times: String {
        let parts = ["create", "invoke", "cancel", "destroy"].compactMap { name in
            slowest[name].map { "\(name) \(Int(($0 * 10).rounded()) / 10).\(Int(($0 * 10).rounded()) % 10) ms" }
        }
        return parts.isEmpty ? "" : "at most " + parts.joined(separator: ", ")
    }

    private static func unique(_ texts: [String]) -> [String] {
        var found: [String] = []
        for text in texts where !found.contains(text) { found.append(text) }
        return found
    }
}
