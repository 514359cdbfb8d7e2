import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// What a library changes of the process.
struct ProcessStateTests {
    /// What it does, and what is said of it.
    static let putBack = [
        ("directory", "the process's working directory"), ("umask", #"the process's umask \(0\d+ to 0777\)"#),
        ("locale", "the process's locale"), ("thread's locale", "the calling thread's locale"),
        ("SIGTERM", "what SIGTERM does"), ("SIGINT", "what SIGINT does"), ("SIGHUP", "what SIGHUP does"),
        ("SIGCHLD", "what SIGCHLD does"), ("SIGPIPE", "what SIGPIPE does"), ("SIGUSR1", "what SIGUSR1 does"),
        ("SIGSEGV ignored", "what SIGSEGV does"), ("mask", "the calling thread's signal mask"),
        ("files", #"the resource limit RLIMIT_NOFILE \(\d+ to 8\)"#),
        ("file size", #"the resource limit RLIMIT_FSIZE \(unlimited to 0\)"#), ("alarm", "the timer ITIMER_REAL"),
        ("redirect", #"descriptor 1 \(standard output\)"#),
        ("rounding", "how the calling thread rounds floating-point numbers"),
    ]

    @Test("what a library changed is told by name and put back", arguments: putBack)
    func putsBack(_ what: String, _ said: String) throws {
        let run = try GuardedProgram.run("watch", what)
        #expect(run.end == .exit(0))
        let lines = run.output.split(separator: "\n")
        try #require(lines.count == 3, "\(run.output)")
        #expect(lines[1].contains(try Regex("^\(said): put back$")), "\(lines[1])")
        #expect(lines[0].dropFirst("before".count) == lines[2].dropFirst("after".count))
    }

    @Test("standard descriptors that a library closed are open again, on the same files")
    func descriptors() throws {
        let run = try GuardedProgram.run("watch", "close")
        for name in ["0 (standard input)", "1 (standard output)", "2 (standard error)"] {
            #expect(run.output.contains("descriptor \(name): put back\n"))
        }
        let lines = run.output.split(separator: "\n")
        #expect(lines.first?.dropFirst("before".count) == lines.last?.dropFirst("after".count))
    }

    @Test("a library that leaves the process too few descriptors ends the process, where the limit can't be put back")
    func noDescriptors() throws {
        let run = try GuardedProgram.run("watch", "files for good")
        // One that may raise limits puts it back.
        guard run.end != .exit(0) else {
            return #expect(run.output.contains("to 3): put back"))
        }
        #expect(run.end == .exit(70))
        #expect(
            run.errors
                == "llama-stack: a provider library lowered the limit on descriptors for good, and leaves too few, in inference/x create\n"
        )
    }

    @Test("a library that closes the host's descriptors ends the process, and a line says where")
    func closesMore() throws {
        let run = try GuardedProgram.run("watch", "close more")
        #expect(run.end == .exit(70))
        #expect(
            run.errors
                == "llama-stack: a provider library closed descriptors that are the host's, in inference/x create\n")
    }

    @Test(
        "the handlers that a language runtime needs, and the environment, are left and told of",
        arguments: [
            ("SIGSEGV handled", "what SIGSEGV does"), ("SIGURG handled", "what SIGURG does"),
            ("environment", "the environment"), ("clearenv", "the environment"),
        ])
    func left(_ what: String, _ said: String) throws {
        let run = try GuardedProgram.run("watch", what, environment: ["A": "B"])
        #expect(run.output.split(separator: "\n").dropFirst().dropLast() == ["\(said): left"])
    }

    @Test("a library that changes nothing is not accused")
    func nothing() throws {
        let run = try GuardedProgram.run("watch", "nothing")
        #expect(run.output.split(separator: "\n").count == 2)
    }

    @Test(
        "a change is told of once, and put back to what was before all, when two are watched at the same time",
        arguments: ["directory", "SIGTERM", "files", "environment"])
    func overlap(_ what: String) throws {
        let lines = try GuardedProgram.run("overlap", what).output.split(
            separator: "\n", omittingEmptySubsequences: true)
        #expect(lines.count == 2 && lines.last == "-", "\(lines)")
    }

    @Test("the log names the library that changed something when it was loaded, and the provider that did in create")
    func logged() async throws {
        let log = LogRecord()
        let library = try ProbeLibrary.build("BREAK_THREAD_STATE")
        let stack = try await Stack.start(
            try distribution(
                """
                version: 1
                providers:
                  inference: [{provider_id: probe, provider_type: inline::probe, library: \(library)}]
                """), log: log.sink)
        await stack.shutdown(withinSeconds: 5)
        let told = log.lines.filter { $0.message.hasPrefix("changed ") && $0.level == .warning }
            .map { "\($0.source): \($0.message)" }
        let file = URL(fileURLWithPath: library).lastPathComponent
        #expect(
            told == [
                "\(file): changed the calling thread's locale; put back",
                "inference/probe: changed the calling thread's locale; put back",
            ])
    }
}

/// A lock beside a library that forks.
struct ForkTests {
    private func isFree(_ path: String) -> Bool {
        let file = open(path, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) == 0
    }

    @Test("a child that a library forked does not hold the lock once the host has ended")
    func lock() throws {
        for isKept in [false, true] {
            let path = "\(ProbeLibrary.folder)/lock-\(isKept)"
            let run = try GuardedProgram.run("lock", path, isKept ? ["close in fork"] : [])
            let child = try #require(pid_t(run.output.trimmingCharacters(in: .newlines)))
            defer { kill(child, SIGKILL) }
            #expect(kill(child, 0) == 0)
            // It closes the lock when it first runs, which may be after its parent's end.
            for _ in 0..<3000 where isKept && !isFree(path) { usleep(10_000) }
            // Without it the child has the lock: that is what this is against.
            #expect(isFree(path) == isKept)
        }
    }
}
