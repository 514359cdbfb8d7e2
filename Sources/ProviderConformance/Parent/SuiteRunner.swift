import Foundation
import Synchronization

/// Runs the checks of a suite in their order: the file, then for each provider what it says of itself and whether it
/// becomes ready, then the rest, some at once.
final class SuiteRunner: @unchecked Sendable {
    private let suite: ConformanceSuite
    private let report: @Sendable (CheckResult) -> Void
    // Touched by the thread that calls run alone.
    private var results: [CheckResult] = []

    init(_ suite: ConformanceSuite, report: @escaping @Sendable (CheckResult) -> Void) {
        (self.suite, self.report) = (suite, report)
    }

    func run() -> [CheckResult] {
        for check in selected(.file) where !isOver { add(runAlone(check, provider: nil).results) }
        let loading = runAlone(Check.loading, provider: nil)
        let providers = loading.providers
        guard !providers.isEmpty else {
            add(loading.results)
            addNotRun(
                Check.all.filter { $0.stage != .file && $0 != Check.loading }, of: suite.library, because: Check.loading
            )
            return results
        }
        for (index, name) in providers.enumerated() where !isOver {
            if isSelected(Check.loading) { add(loading.results.map { with($0, provider: name) }) }
            runChecks(of: index, name)
        }
        return results
    }

    private func runChecks(of index: Int, _ name: String) {
        for check in selected(.descriptor) where check != Check.loading && !isOver {
            add(runAlone(check, provider: (index, name)).results)
        }
        guard !isOver else { return }
        let rest = selected(.instance).filter { $0 != Check.readiness }
        guard isSelected(Check.readiness) || rest.contains(where: { $0.needsReadiness }) else {
            return runRest(rest, index, name)
        }
        let readiness = runAlone(Check.readiness, provider: (index, name))
        let isReady = !readiness.results.contains { $0.outcome == .failed }
        if isSelected(Check.readiness) || !isReady { add(readiness.results) }
        guard isReady else {
            // A provider that does not start is not run twenty times.
            return addNotRun(rest, of: name, because: Check.readiness)
        }
        runRest(rest, index, name, after: readiness)
    }

    /// Rules are watched in every check: their results come last, with what all the others have seen.
    private func runRest(_ checks: [Check], _ index: Int, _ name: String, after readiness: CheckRun? = nil) {
        var watch = RuleWatch(selected: checks)
        if let readiness { watch.note(readiness) }
        let ordinary = checks.filter { $0.rule == nil }, rules = checks.filter { $0.rule != nil }
        runInOrder(ordinary, index, name) { run in add(watch.judged(run)) }
        var ruleRuns: [CheckRun] = []
        runInOrder(rules, index, name) { run in
            watch.note(run)
            ruleRuns.append(run)
        }
        for run in ruleRuns { add(watch.verdict(on: run)) }
    }

    /// Runs a limited number at once; `take` receives the results in order.
    private func runInOrder(_ checks: [Check], _ index: Int, _ name: String, take: (CheckRun) -> Void) {
        let next = Mutex(0)
        let finished = Mutex<[Int: CheckRun]>([:])
        let signal = DispatchSemaphore(value: 0)
        let stop = Mutex(false)
        let workers = min(suite.checksAtOnce, checks.count)
        let gone = DispatchGroup()
        for _ in 0..<max(0, workers) {
            gone.enter()
            Thread.detachNewThread { [self] in
                while let place = Self.following(next, checks.count, stop) {
                    let run = runAlone(checks[place], provider: (index, name))
                    finished.withLock { $0[place] = run }
                    signal.signal()
                }
                gone.leave()
            }
        }
        for place in checks.indices where !isOver {
            var run = finished.withLock { $0.removeValue(forKey: place) }
            while run == nil {
                signal.wait()
                run = finished.withLock { $0.removeValue(forKey: place) }
            }
            if let run { take(run) }
        }
        stop.withLock { $0 = true }
        gone.wait()
    }

    private static func following(_ next: borrowing Mutex<Int>, _ count: Int, _ stop: borrowing Mutex<Bool>) -> Int? {
        if stop.withLock({ $0 }) { return nil }
        return next.withLock { next in
            guard next < count else { return nil }
            defer { next += 1 }
            return next
        }
    }

    private func runAlone(_ check: Check, provider: (index: Int, name: String)?) -> CheckRun {
        var setup = ChildSetup(
            check: check.name, provider: provider?.index ?? 0, library: suite.library, config: suite.config,
            resources: suite.resources, secondsMax: suite.secondsMax)
        setup.isOverSocket = way(of: check) == .socket
        var child = CheckChild(setup: setup, secondsMax: check.secondsMax(suite.secondsMax))
        child.executable = suite.executable
        child.environment = suite.environment
        return CheckRun(check, provider: provider?.name ?? suite.library, child.run())
    }

    // MARK: what is selected and what was found

    private func isSelected(_ check: Check) -> Bool { suite.only?.contains(check.name) ?? true }
    private func selected(_ stage: Check.Stage) -> [Check] { Check.all.filter { $0.stage == stage && isSelected($0) } }
    private var isOver: Bool { suite.stopsAtFailure && results.contains { $0.outcome == .failed } }

    /// nil where every check is inline.
    private func way(of check: Check) -> CheckResult.Way? {
        guard suite.isolation == .process else { return nil }
        return check.stage == .file ? .file : check.staysInline ? .inline : .socket
    }

    private func add(_ more: [CheckResult]) {
        for var result in more {
            result.way = Check.all.first { $0.name == result.check }.flatMap(way)
            report(result)
            results.append(result)
        }
    }

    private func addNotRun(_ checks: [Check], of provider: String, because cause: Check) {
        let checks = checks.filter(isSelected)
        guard !checks.isEmpty else { return }
        let why = "because \"\(cause.name)\" failed"
        let silent = checks.map {
            CheckResult(provider: provider, check: $0.name, outcome: .notRun, detail: why, way: way(of: $0))
        }
        results += silent
        report(
            CheckResult(
                provider: provider, check: checks.count == 1 ? "1 check, not run" : "\(checks.count) checks, not run",
                outcome: .notRun, detail: why))
    }

    private func with(_ result: CheckResult, provider: String) -> CheckResult {
        var result = result
        result.provider = provider
        return result
    }
}
