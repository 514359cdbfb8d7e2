import Foundation
import Testing

@testable import ChildProcess

extension Children {
    @Suite struct SpawnTests {
        @Test func `a child has exactly the arguments it was given`() async throws {
            let output = try await Running("arguments", "", "two words", "ä\u{1F999}").output()
            #expect(output == ["", "two words", "ä\u{1F999}"])
        }

        @Test func `a child has exactly the environment it was given`() async throws {
            #expect(try await Running("environment").output() == [])
            let output = try await Running("environment", environment: ["B": "", "A": "x=y"]).output()
            #expect(output == ["A=x=y", "B="])
        }

        @Test func `a child has the descriptors that were placed, and no other`() async throws {
            // Neither close-on-exec nor named: it stays here. The other two have each other's numbers in the child.
            let stray = open("/dev/zero", O_RDONLY)
            let (one, two) = (open("/etc/passwd", O_RDONLY), open("/etc/group", O_RDONLY))
            defer { [stray, one, two].forEach { close($0) } }
            let output = try await Running("descriptors", descriptors: [two: one, one: two, 200: stray]).output()
            let expected = [(0, "/dev/null"), (two, "/etc/passwd"), (one, "/etc/group"), (200, "/dev/zero")]
                .sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }
            #expect(output.filter { !$0.contains("pipe:") } == expected)
            #expect(output.filter { $0.contains("pipe:") }.map { $0.prefix(2) } == ["1 ", "2 "])
        }

        @Test(.enabled(if: ChildProcess.canEndNiceness))
        func `a child that is nicer gives way until its niceness ends, on all of its threads`() async throws {
            let child = try Running("threads", "5", niceness: 5)
            defer { child.process.kill() }
            try await child.wait(lines: 1)
            let own = niceness(getpid())
            #expect(try threads(of: child.process.pid).map(niceness) == Array(repeating: own + 5, count: 6))
            child.process.endNiceness()
            #expect(try threads(of: child.process.pid).map(niceness) == Array(repeating: own, count: 6))
        }

        private func threads(of pid: pid_t) throws -> [pid_t] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").compactMap { pid_t($0) }
        }

        private func niceness(_ thread: pid_t) -> Int32 {
            getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread))
        }

        @Test func `standard input is empty`() async throws {
            #expect(try await Running("input").output() == ["-1"])
        }

        @Test func `a child begins with default signals, whatever is ignored here`() async throws {
            signal(SIGUSR2, SIG_IGN)
            defer { signal(SIGUSR2, SIG_DFL) }
            #expect(try await Running("signals").output() == ["0"])
        }

        @Test func `a child leads a session and a process group, and its parent is this process`() async throws {
            #expect(try await Running("ids", "\(getpid())").output() == ["1 1 1"])
        }

        @Test func `the set-up makes the child not dumpable and without privileges to gain`() async throws {
            let output = try await Running("setup", "\(getpid())").output()
            #expect(output == ["0 dumpable 0 core 0 privileges 1 signal 9"])
            // A process whose parent is another ends.
            let stranger = try Running("setup", "999999999")
            #expect(await stranger.process.exit().status == .exited(code: 127))
        }

        @Test(arguments: [
            ("/nonexistent/program", "exec: No such file or directory"),
            ("/etc", "exec: Permission denied"),
            ("/etc/passwd", "exec: Permission denied"),
            ("program", "options: the path must be absolute"),
        ])
        func `a program that can't be started is refused with the step and the reason`(path: String, reason: String)
            throws
        {
            let failure = try #require(throws: ChildProcess.Failure.self) {
                try ChildProcess.start(ChildProcess.Options(executable: path))
            }
            #expect(failure.description == "\(path) can't be started: \(reason)")
        }

        @Test func `what a C string can't hold is refused`() throws {
            for options in [
                ChildProcess.Options(executable: "/bin/true", arguments: ["a\0b"]),
                ChildProcess.Options(executable: "/bin/true", environment: ["A": "a\0b"]),
                ChildProcess.Options(executable: "/bin/true", environment: ["A=B": ""]),
            ] {
                #expect(throws: ChildProcess.Failure.self) { try ChildProcess.start(options) }
            }
        }

        @Test(arguments: [
            ("options", "options: Invalid argument"), ("descriptors", "descriptors: Bad file descriptor"),
            ("group", "control group: Bad file descriptor"), ("folder", "control group: Not a directory"),
            ("limits", "limits: Invalid argument"),
        ])
        func `a step that fails is named, and leaves no process`(step: String, words: String) throws {
            let (text, status) = try Probe.run(try Probe.host.get(), ["fail", step, try Probe.child.get()])
            #expect(text == "\(words), pid -1, pidfd -1\nnothing is left\n")
            #expect(status == 0)
        }

        @Test func `a host that ignores SIGCHLD still learns how a child ended, and stays dumpable`() throws {
            let (text, _) = try Probe.run(try Probe.host.get(), ["ignored", try Probe.child.get()])
            #expect(text == "exited with 3\ndumpable 1\n")
        }

        @Test func `after 200 children there is no zombie, no pidfd and no pipe of theirs`() async throws {
            let before = Self.descriptors()
            var pids: [pid_t] = []
            for round in 0..<20 {
                let children = try (0..<10).map { try Running("exit", "\(($0 + round) % 4)") }
                for (index, child) in children.enumerated() {
                    #expect(await child.process.exit().status == .exited(code: Int32((index + round) % 4)))
                    pids.append(child.process.pid)
                }
            }
            let after = Self.descriptors()
            #expect(pids.filter { ProcessStat(pid: $0)?.state == "Z" } == [])
            // Other tests have children too, a few at a time.
            #expect(after.pidfds < before.pidfds + 20)
            // Other tests of this process open and close pipes meanwhile; 200 children would have left 400.
            #expect(after.pipes < before.pipes + 100)
        }

        private static func descriptors() -> (pidfds: Int, pipes: Int) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
            let targets = names.compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
            }
            return (targets.count { $0.contains("pidfd") }, targets.count { $0.hasPrefix("pipe:") })
        }
    }
}
