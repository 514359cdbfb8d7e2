import ChildProcess
import Foundation
import ProviderKit
import Testing

@testable import ToolsPython

/// The limits on the sum of all processes of a cage, by a control group where one can be made, and without.
@Suite(.serialized) struct LimitTests {
    enum Means: CaseIterable { case groups, looks }

    private static func run(_ code: String, _ settings: JSONObject, by means: Means) async throws -> CageOutcome {
        try await Cages.run(code, settings, groups: means == .groups ? nil : .unavailable)
    }

    @Test(arguments: Means.allCases)
    func `memory is counted over all processes`(_ means: Means) async throws {
        let code = String(decoding: try Cages.probes(), as: UTF8.self) + "\nprint(hold(8, 40))"
        let outcome = try await Self.run(code, ["memory_bytes_max": 134_217_728], by: means)
        let held = Int(outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(outcome.end == .limit(.memory) || (held ?? .max) <= 128, "\(outcome)")
    }

    @Test(arguments: Means.allCases)
    func `memory of one process is refused with an error of Python's`(_ means: Means) async throws {
        let outcome = try await Self.run("bytearray(4 << 30)", [:], by: means)
        #expect(outcome.end == .exited(1) && outcome.errorText.hasSuffix("\nMemoryError\n"), "\(outcome)")
    }

    @Test(arguments: Means.allCases)
    func `processes and threads are counted together`(_ means: Means) async throws {
        let code = """
            import threading, time
            for number in range(100):
                try:
                    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
                except RuntimeError:
                    break
            print(number)
            """
        let outcome = try await Self.run(code, ["processes_max": 16], by: means)
        let started = Int(outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(outcome.end == .limit(.processes) || (started ?? 100) < 16, "\(outcome)")
    }

    @Test(arguments: Means.allCases)
    func `files and folders are counted, because memory of the kernel holds them`(_ means: Means) async throws {
        let code = "import os\nfor number in range(1000000): os.mkdir(str(number))"
        let outcome = try await Self.run(code, ["disk_files_max": 500], by: means)
        #expect(outcome.end == .limit(.diskFiles), "\(outcome)")
    }

    @Test func `the folder has its size, and nothing else can be written to`() async throws {
        let code = """
            import os
            def fill(folder):
                written = 0
                try:
                    with open(folder + "/probe", "wb", 0) as file:
                        while written < 100 << 20:
                            written += file.write(bytes(1 << 20))
                except OSError as error:
                    print(folder, written >> 20, error.strerror)
            for folder in "/job", "/", "/dev", "/dev/shm", "/run", "/usr/lib":
                fill(folder)
            """
        let outcome = try await Cages.run(code, ["disk_bytes_max": 8_388_608])
        #expect(
            outcome.outputText == """
                /job 8 File too large
                / 0 Read-only file system
                /dev 0 Read-only file system
                /dev/shm 0 No such file or directory
                /run 0 No such file or directory
                /usr/lib 0 Read-only file system

                """, "\(outcome)")
    }

    @Test(arguments: ["while True: pass", "import os\nfor _ in range(3): os.fork()\nwhile True: pass"])
    func `computing is counted over all processes`(_ code: String) async throws {
        let outcome = try await Cages.run(code, ["cpu_seconds_max": 1])
        #expect(outcome.end == .limit(.cpuSeconds), "\(outcome)")
    }

    @Test func `a run that waits is ended when its time is up, with what it printed until then`() async throws {
        let code = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('begun')\ntime.sleep(60)"
        // The start of the cage and of Python counts too.
        let outcome = try await Cages.run(code, ["seconds_max": 10])
        #expect(outcome.end == .limit(.seconds) && outcome.outputText == "begun\n", "\(outcome)")
    }

    @Test func `output ends at its limit, wherever it is written to`() async throws {
        for stream in ["stdout", "stderr"] {
            let code = "import sys\nwhile True: sys.\(stream).write('x' * 1000)"
            let outcome = try await Cages.run(code, ["output_bytes_max": 5_000])
            #expect(outcome.end == .limit(.output), "\(outcome)")
            #expect(outcome.output.count + outcome.errors.count == 5_000)
        }
    }

    @Test func `code that is larger than a pipe is run whole`() async throws {
        let code = "x = '" + String(repeating: "x", count: 300_000) + "'\nprint(len(x))"
        #expect(try await Cages.run(code).outputText == "300000\n")
    }
}
