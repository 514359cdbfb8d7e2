import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// Output that is not read, or that can't be written.
    @Suite struct OutputTests {
        /// Runs a line of the shell, in which "$0" is the program and `pwd` a folder of its own.
        private func shell(_ line: String, _ program: String = Setting.binary) throws -> Command {
            try Setting.requireBinary(program)
            let folder = try TemporaryFolder()
            let child = try ChildProcess("/bin/sh", ["-c", "cd \(folder.path) && \(line)", program])
            defer { child.end() }
            guard let end = child.wait(seconds: 120) else { throw Missing("did not end: \(line)") }
            return Command(end: end, output: child.output, errors: child.errors)
        }

        static let commands = [
            "--help", "--version", "help run", "list apis", "list routes --json", "list methods", "list resources",
            "list providers", "spec", "dataset --help",
        ]

        @Test("a command whose reader is gone ends quietly with 141", arguments: commands)
        func readerGone(_ command: String) throws {
            // The right side closes the pipe before the left one begins.
            let run = try shell(
                "mkfifo go && { read x < go; \"$0\" \(command); echo $? >&2; } | { exec 0<&-; echo > go; }")
            #expect(run.errors == "141\n")
        }

        @Test("a command whose output can't be written ends with 74 and says why", arguments: commands)
        func full(_ command: String) throws {
            let full = try shell("\"$0\" \(command) > /dev/full")
            #expect(full.errors == "error: can't write to standard output: No space left on device\n")
            #expect(full.end == .exit(74))
            let closed = try shell("\"$0\" \(command) >&-")
            #expect(closed.errors == "error: can't write to standard output: Bad file descriptor\n")
            #expect(closed.end == .exit(74))
        }

        @Test(
            "a program that can't say its error ends with the error's code",
            arguments: ["2>&-", "2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-"],
            ["llama-stack", "llama-stack-bench", "llama-stack-torture", "llama-stack-provider-host"])
        func errors(_ redirection: String, program: String) throws {
            let file = "\(Setting.binaryFolder)/\(program)"
            #expect(try shell("\"$0\" --fly \(redirection)", file).end == .exit(64))
        }

        @Test(
            "a program whose errors have no reader any more ends with the error's code",
            arguments: ["llama-stack", "llama-stack-bench", "llama-stack-provider-host"])
        func errorReaderGone(program: String) throws {
            let run = try shell(
                "mkfifo go && { read x < go; \"$0\" --fly 2>&1 >/dev/null; echo $? > code; } | { exec 0<&-; echo > go; }"
                    + "; cat code", "\(Setting.binaryFolder)/\(program)")
            #expect(run.output == "64\n")
        }

        @Test(
            "a standard input that can't be read is an error, and one without an end is not read for ever",
            arguments: [
                ("<&-", "can't read standard input: Bad file descriptor", Int32(66)),
                ("</", "can't read standard input: Is a directory", Int32(66)),
                ("</dev/zero", "standard input is over 2097152 bytes, the most that is taken", Int32(65)),
            ])
        func input(redirection: String, message: String, code: Int32) throws {
            let file = try Distribution.echo().file()
            for command in ["complete \(file.path) --prompt -", "chat \(file.path)"] {
                let run = try shell("\"$0\" \(command) \(redirection)")
                #expect(run.end == .exit(code), "\(command)")
                #expect(run.errors.hasPrefix("error: ") && run.errors.hasSuffix("\(message)\n"), "\(run.errors)")
                #expect(run.output.isEmpty)
            }
        }

        @Test(
            "a crash ends a program at once: Swift's backtracer runs where it is asked for alone",
            arguments: ["llama-stack run dist.yaml --port 0", "llama-stack-torture race 1000000 1"],
            ["SEGV", "ILL"])
        func crash(command: String, signal: String) throws {
            let file = try Distribution.echo().file()
            let words = command.replacing("dist.yaml", with: file.path).split(separator: " ", maxSplits: 1)
            let start = ContinuousClock.now
            // Without the variable that the tests set for all. The signal is sent when the process handles both: bits
            // 10 (SIGSEGV) and 3 (SIGILL) of SigCgt.
            let run = try shell(
                """
                unset SWIFT_BACKTRACE; "$0" \(words[1]) &
                n=0; until grep -qs '^SigCgt:.*[4567cdef].[89abcdef]$' /proc/$!/status || [ $n -ge 600 ]; do
                    sleep 0.1; n=$((n+1))
                done; kill -\(signal) $!; wait $!; exit $?
                """, "\(Setting.binaryFolder)/\(words[0])")
            let codes = ["SEGV": Int32(139), "ILL": 132]
            #expect(run.end == .exit(codes[signal] ?? 0), "after \(ContinuousClock.now - start)")
            #expect(run.errors.contains("SIG\(signal)") && !run.errors.contains("Program crashed"), "\(run.errors)")
        }

        /// What the shell does before it becomes the server. `pipe` is a path; 9 is its reading end.
        static let faults = ["exec 2>&-", "exec 2>/dev/full", "exec 9<>pipe 2>pipe 9<&-", "exec 9<>pipe 2>pipe"]

        @Test("a server serves and stops while its log can't be written, or is not read", arguments: faults)
        func server(_ fault: String) throws {
            let folder = try TemporaryFolder()
            let pipe = folder.path + "/pipe"
            try #require(mkfifo(pipe, 0o600) == 0)
            let before = fault.replacing("pipe", with: pipe)
            try Server.run(.echo(), before: before) { server in
                // More lines than a pipe holds.
                for _ in 0..<1000 {
                    #expect(try server.post(Requests.chatPath, Requests.chat("Hi")).status == 200)
                }
                if fault == Self.faults[3] { try Self.expectLossTold(pipe) }
                server.process.send(SIGTERM)
                #expect(server.process.wait(seconds: 60) == .exit(0))
            }
        }

        /// Reads until the log says what was lost.
        private static func expectLossTold(_ pipe: String) throws {
            let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            var text = ""
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            for _ in 0..<3000 {
                let count = read(reader, &buffer, buffer.count)
                if count > 0 { text += String(decoding: buffer.prefix(count), as: UTF8.self) } else { usleep(10000) }
                if text.contains(/warning host: \d+ log lines were lost: standard error could not be written/) {
                    return
                }
            }
            Issue.record("nothing was said of lost lines: \(text.suffix(300))")
        }

        @Test("a server whose standard output can't be written serves, and logs its start line")
        func startLine() throws {
            let file = try Distribution.echo().file()
            let child = try ChildProcess(
                "/bin/sh", ["-c", "exec \"$0\" run \(file.path) --port 0 >/dev/full", Setting.binary])
            defer { child.end() }
            for _ in 0..<2000 where !child.errors.contains("ready: http") { usleep(10000) }
            #expect(
                child.errors.contains(
                    "the start line could not be written to standard output (No space left on device): ready: http://"))
            child.send(SIGTERM)
            #expect(child.wait(seconds: 60) == .exit(0))
        }
    }
}
