import ChildProcess
import Foundation
import ProviderKit
import Testing

@testable import ToolsPython

/// One run at a time of what the cage is: what code finds there, and what it leaves.
struct CageTests {
    @Test func `what code prints comes back`() async throws {
        let outcome = try await Cages.run("import sys\nprint(1)\nprint('two', file=sys.stderr)")
        #expect(outcome == CageOutcome(end: .exited(0), output: Array("1\n".utf8), errors: Array("two\n".utf8)))
    }

    @Test func `the environment and the arguments of the host are nowhere in the cage`() async throws {
        setenv("CAGE_TEST_SECRET", "4711-secret", 1)
        let code = """
            import os
            for pid in filter(str.isdigit, os.listdir("/proc")):
                for name in "environ", "cmdline":
                    print(pid, open(f"/proc/{pid}/{name}", "rb").read())
            print(dict(os.environ))
            print(open("/proc/self/mountinfo").read())
            """
        let outcome = try await Cages.run(code)
        #expect(outcome.end == .exited(0), "\(outcome.errorText)")
        #expect(outcome.outputText.contains("1 b''\n"))
        for word in ["4711-secret", "CAGE_TEST_SECRET", "--ro-bind", NSHomeDirectory() + "/", NSTemporaryDirectory()]
        where word != "//" {
            #expect(!outcome.outputText.contains(word), "\(word)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func `code of a host that is root runs as a user that nothing else runs as`() async throws {
        let outcome = try await Cages.run("print(*open('/proc/self/uid_map').read().split())")
        let user = try #require(try Cages.make().user)
        #expect(user >= 61_184 && outcome.outputText == "65534 65534 1\n")
    }

    @Test func `chance is the same in every run, and so is the order of a set`() async throws {
        let code = """
            import random
            print(random.random(), random.sample(range(100), 5), {"a", "b", "c", "d"}, hash("x"))
            try:
                import numpy
                print(numpy.random.rand(3), numpy.random.default_rng().random(2), numpy.random.default_rng().random(2))
            except ImportError:
                pass
            """
        let first = try await Cages.run(code)
        #expect(first.end == .exited(0), "\(first.errorText)")
        #expect(try await Cages.run(code) == first)
    }

    @Test func `nothing of a run is there in the next`() async throws {
        _ = try await Cages.run("open('kept', 'w').write('x')\nopen('/tmp/kept', 'w').write('x')")
        let outcome = try await Cages.run("import os\nprint(os.listdir('.'), os.listdir('/tmp'), os.getcwd())")
        #expect(outcome.outputText == "[] [] /job\n")
    }

    @Test func `exit codes, signals and threads end as they do outside`() async throws {
        #expect(try await Cages.run("exit()").end == .exited(0))
        #expect(try await Cages.run("import sys\nsys.exit(3)").end == .exited(1))
        #expect(try await Cages.run("import os\nos.kill(os.getpid(), 11)").end == .signalled(11))
        #expect(try await Cages.run("import os\nos._exit(7)").end == .exited(7))
        let threads = try await Cages.run(
            """
            import atexit, threading, time
            atexit.register(print, "end")
            # Sleeps when the main thread has ended: one that is not waited for prints nothing.
            said = threading.Event()
            threading.Thread(target=lambda: (said.wait(), time.sleep(0.1), print("thread"))).start()
            print("main")
            said.set()
            """)
        #expect(threads.end == .exited(0) && threads.outputText == "main\nthread\nend\n")
    }

    @Test func `a cancelled run is ended at once, with all of its processes`() async throws {
        let mark = "98\(Int.random(in: 100_000_000...999_999_999))"
        let cage = try Cages.make()
        let run = Task {
            try await cage.run(
                "import subprocess\nsubprocess.run(['/usr/bin/sleep', '\(mark)'], start_new_session=True)")
        }
        let isSleeping = { Self.arguments().contains { $0.contains(mark) } }
        for _ in 0..<600 where !isSleeping() { try await Task.sleep(for: .milliseconds(50)) }
        #expect(isSleeping())
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        #expect(!isSleeping())
    }

    private static func arguments() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }.map { pid in
            guard let file = fopen("/proc/\(pid)/cmdline", "r") else { return "" }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = fread(&bytes, 1, bytes.count, file)
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    @Test func `a machine without the programs is told what to install`() async throws {
        for (key, package) in [("bubblewrap", "apt-get install bubblewrap"), ("python", "apt-get install python3")] {
            let error = #expect(throws: ConfigurationError.self) { try Cages.make([key: "/usr/bin/no-such-program"]) }
            #expect(error?.problems.first?.pointer == "/\(key)")
            #expect(error?.problems.first?.message.contains(package) == true)
        }
        let configuration = try PythonConfiguration(json: ["bubblewrap": "/usr/bin/false"], at: .root)
        let error = await #expect(throws: ProviderError.self) {
            _ = try await PythonTools(configuration: configuration, context: ProviderContext(providerID: "python"))
        }
        #expect(
            error?.message.hasPrefix("code can't be caged here: the cage did not start") == true,
            "\(String(describing: error))")
    }
}
