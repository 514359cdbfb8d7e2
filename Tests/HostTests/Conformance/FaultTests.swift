import Foundation
import ProviderConformance
import Testing
import Torture

extension FaultTable.Row: CustomTestStringConvertible {
    package var testDescription: String { fault }
}

/// What the kit says of providers that break the contract.
struct FaultTests {
    @Test func `a provider that keeps the contract passes every check`() async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults())
        let rest = report.results.filter { $0.outcome != .passed }
        #expect(rest.filter { $0.outcome != .skipped }.map(\.description) == [])
        // Inference keeps nothing.
        #expect(rest.map(\.check) == ["keeps what it is given until it is deleted"])
        #expect(Set(report.results.map(\.check)) == Set(Check.names))
    }

    @Test(arguments: FaultTable.all)
    func `each fault turns the check red that is about it`(_ row: FaultTable.Row) async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: row.fault, only: [row.check], seconds: row.seconds)
        let said = report.failed.filter { $0.check == row.check }.map(\.detail)
        #expect(said.contains { $0.contains(row.says) }, "\(report.results)")
    }

    @Test func `every check that runs the provider's code is shown red by some fault`() {
        let shown = Set(FaultTable.all.map(\.check)).union(FileFaultTests.shown).union(KeepingTests.shown)
        #expect(Check.names.filter { !shown.contains($0) } == [])
    }

    @Test func `a library that does not load is said to be so once, and nothing else is tried`() async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults(), fault: "crash in entry")
        #expect(report.failed.map(\.check) == ["can be loaded"])
        #expect(report.results.filter { $0.outcome == .notRun }.count > 30)
        #expect(report.summary.hasSuffix("not run: because \"can be loaded\" failed"), "\(report.summary)")
    }

    @Test func `a provider that never becomes ready is said to be so once`() async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults(), fault: "never ready", seconds: 5)
        #expect(report.failed.map(\.check) == ["becomes ready and stops"])
        #expect(report.results.contains { $0.outcome == .notRun })
    }

    @Test func `a crash in one check leaves the others to say what they found`() async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults(), fault: "crash in cancel")
        let failed = Set(report.failed.map(\.check))
        #expect(failed.contains("ends a stream that is cancelled"))
        #expect(!failed.contains("answers an unknown method with LSP_UNSUPPORTED"))
        #expect(report.results.contains { $0.check == "answers each method whole, as its schema says" && $0.passed })
    }

    @Test func `what breaks a rule in one check is reported to the check about the rule`() async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: "finish twice",
            only: [
                "answers an unknown method with LSP_UNSUPPORTED", "finishes each call once, and is silent after it",
            ])
        #expect(report.failed.map(\.check) == ["finishes each call once, and is silent after it"])
        let alone = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: "finish twice",
            only: ["answers an unknown method with LSP_UNSUPPORTED"])
        #expect(alone.failed.map(\.check) == ["answers an unknown method with LSP_UNSUPPORTED"])
    }

    @Test func `the first failure is the last when the suite is told so`() async throws {
        var suite = ConformanceSuite(library: try ConformanceKit.faults(), secondsMax: 20)
        suite.executable = ConformanceKit.products + "/llama-stack"
        suite.environment = ["FAULT": "bad type"]
        suite.stopsAtFailure = true
        let report = await suite.run()
        #expect(report.failed.count == 1)
        #expect(report.results.last?.check == "names an API and a type that a distribution can name")
    }
}

struct ConformancePageTests {
    @Test func `the page says of every check what it asks`() throws {
        let page = try String(contentsOfFile: ProbeLibrary.root + "/Documentation/Conformance.md", encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { $0.split(separator: "|")[0] }
        let named = rows.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(Check.names.filter { !named.contains($0) } == [])
    }
}
