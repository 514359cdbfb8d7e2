import Foundation
import Testing

@testable import ChildProcess

extension Children {
    /// Without a control group, wherever they run.
    @Suite struct WatchedLimitTests {
        private func plan(_ limits: ResourceLimits) -> LimitPlan { LimitPlan(limits, groups: .unavailable) }

        @Test func `what is held and what can't be is said`() {
            let plan = plan(ResourceLimits(memoryBytes: 2 << 30, cpus: 1.5, processes: 64, files: 256))
            #expect(
                plan.held == [
                    "memory 2 GiB by a look every 100 ms", "processes 64 by a look every 100 ms",
                    "files 256 by RLIMIT_NOFILE",
                ])
            #expect(plan.unheld == ["cpus: 1.5 can't be held: it takes a control group with the controller cpu"])
            #expect(self.plan(ResourceLimits()).held + self.plan(ResourceLimits()).unheld == [])
        }

        @Test(arguments: ["grow", "grow-shared"])
        func `a child that grows beyond its memory is ended for it`(mode: String) async throws {
            let limits = plan(ResourceLimits(memoryBytes: 48 << 20))
            let report = try await Running(mode, limits: limits).process.exit()
            #expect(report.status == .signalled(SIGKILL, coreDumped: false))
            #expect(report.limit == .memory)
            #expect(try #require(report.peakMemoryBytes) > 48 << 20)
        }

        @Test(arguments: ["processes", "threads"])
        func `a child with too many processes or threads is ended for it`(mode: String) async throws {
            let report = try await Running(mode, "20", limits: plan(ResourceLimits(processes: 10))).process.exit()
            #expect(report.status == .signalled(SIGKILL, coreDumped: false))
            #expect(report.limit == .processes)
        }

        @Test func `a child within its limits is left alone, and a SIGKILL of another is not a limit's`() async throws {
            let limits = plan(ResourceLimits(memoryBytes: 256 << 20, processes: 10))
            let running = try Running("threads", "5", limits: limits)
            try await running.wait(lines: 1)
            try await Task.sleep(for: .milliseconds(300))
            #expect(running.process.report == nil)
            running.process.signal(SIGKILL)
            let report = await running.process.exit()
            #expect(report.limit == nil)
            #expect(report.peakMemoryBytes != nil)
        }

        @Test func `a child has as many descriptors as its limit says`() async throws {
            #expect(try await Running("files", "0", limits: plan(ResourceLimits(files: 40))).output() == ["40"])
        }
    }
}
