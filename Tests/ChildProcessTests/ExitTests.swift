import Foundation
import Synchronization
import Testing

@testable import ChildProcess

extension Children {
    @Suite struct ExitTests {
        @Test(arguments: [0, 3, 255] as [Int32])
        func `an exit code is reported`(code: Int32) async throws {
            let report = try await Running("exit", "\(code)").process.exit()
            #expect(report.status == .exited(code: code))
            #expect(report.limit == nil)
        }

        @Test(arguments: [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGKILL, SIGTERM])
        func `a signal that ends a child is reported, and no core is dumped`(signal: Int32) async throws {
            let report = try await Running("raise", "\(signal)").process.exit()
            #expect(report.status == .signalled(signal, coreDumped: false))
            #expect(report.limit == nil)
        }

        @Test func `a status is said in words`() {
            #expect(ExitStatus(waited: 3 << 8).description == "exited with 3")
            #expect(ExitStatus(waited: SIGSEGV).description == "ended by SIGSEGV")
            #expect(ExitStatus(waited: SIGABRT | 0x80).description == "ended by SIGABRT, core dumped")
            #expect(ExitStatus(waited: 40).description == "ended by signal 40")
        }

        @Test func `everything that waits hears of the end once`() async throws {
            let child = try Running("wait").process
            let heard = Mutex(0)
            async let first = child.exit()
            child.onExit { _ in heard.withLock { $0 += 1 } }
            #expect(child.report == nil)
            child.kill()
            let report = await first
            #expect(report.status == .signalled(SIGKILL, coreDumped: false))
            // What comes late hears at once.
            #expect(await child.exit() == report)
            #expect(child.report == report)
            while heard.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(heard.withLock { $0 } == 1)
        }

        @Test func `a child that has ended takes no signal`() async throws {
            let child = try Running("exit", "0").process
            _ = await child.exit()
            #expect(!child.signal(SIGTERM))
            #expect(!child.signalGroup(SIGTERM))
            child.kill()
            child.terminate(graceSeconds: 0)
            #expect(child.facts == nil)
        }

        @Test func `one that obeys SIGTERM ends by it`() async throws {
            let running = try Running("wait")
            try await running.wait(lines: 1)
            running.process.terminate(graceSeconds: 60)
            #expect(await running.process.exit().status == .signalled(SIGTERM, coreDumped: false))
        }

        @Test func `one that ignores SIGTERM is killed after the grace`() async throws {
            let running = try Running("ignore", "\(SIGTERM)")
            try await running.wait(lines: 1)
            running.process.terminate(graceSeconds: 0.1)
            #expect(await running.process.exit().status == .signalled(SIGKILL, coreDumped: false))
        }

        @Test func `what is left of a child's process group ends with it`() async throws {
            let output = try await Running("leave", "0").output()
            let left = try #require(output.first.flatMap { pid_t($0) })
            try await waitForEnd(of: left)
        }

        @Test func `a process that keeps a child's pipes open does not keep back its end`() async throws {
            // In a session of its own, it is out of reach without a control group.
            let output = try await Running("leave", "1").output()
            let left = try #require(output.first.flatMap { pid_t($0) })
            #expect(ProcessStat(pid: left) != nil)
            kill(left, SIGKILL)
        }

        @Test func `a host that is killed leaves no child`() async throws {
            let child = try await Self.started("stay") { kill($0, SIGKILL) }
            try await waitForEnd(of: child)
        }

        @Test func `a child ends with the thread that started it, which is why there is one that stays`() async throws {
            let child = try await Self.started("thread") { _ in }
            try await waitForEnd(of: child)
            // The same through SpawnThread: from a thread that has ended when the child is looked at.
            let started = Mutex<Running?>(nil)
            let ended = DispatchSemaphore(value: 0)
            Thread {
                started.withLock { $0 = try? Running("wait") }
                ended.signal()
            }.start()
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    ended.wait()
                    continuation.resume()
                }
            }
            let running = try #require(started.withLock { $0 })
            try await running.wait(lines: 1)
            try await Task.sleep(for: .milliseconds(50))
            #expect(running.process.report == nil)
            running.process.kill()
            #expect(await running.process.exit().status == .signalled(SIGKILL, coreDumped: false))
        }

        /// The pid of the child that a host in this mode started; `body` gets the host's, which is ended afterwards.
        private static func started(_ mode: String, _ body: (pid_t) -> Void) async throws -> pid_t {
            let lines = Lines()
            let host = try ChildProcess.start(
                ChildProcess.Options(
                    executable: try Probe.host.get(), arguments: [mode, try Probe.child.get()],
                    onLine: { lines.add($0) }))
            // Its own line and its child's.
            while true {
                let pids = lines.all.compactMap { pid_t($0.text) }
                if let pid = pids.first {
                    body(host.pid)
                    if mode == "thread" { try await waitForEnd(of: pid) }
                    host.kill()
                    _ = await host.exit()
                    return pid
                }
                try await Task.sleep(for: .milliseconds(2))
            }
        }

        @Test func `the facts of a child are read while it runs`() async throws {
            let running = try Running("threads", "3")
            try await running.wait(lines: 1)
            let facts = try #require(running.process.facts)
            #expect(facts.threads == 4)
            #expect(facts.residentBytes > 0 && facts.peakResidentBytes >= facts.residentBytes)
            #expect(facts.descriptors == 3)
            #expect(try #require(facts.proportionalBytes) <= facts.residentBytes)
            running.process.kill()
        }
    }
}
