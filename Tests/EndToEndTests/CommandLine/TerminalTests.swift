import FakeOrigin
import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `chat` and `complete` at a terminal, in the locale C, which knows ASCII alone.
    @Suite struct TerminalTests {
        private let state: TemporaryFolder
        private let file: DistributionFile

        init() throws {
            try Setting.requireBinary()
            state = try TemporaryFolder()
            file = try Distribution.echo(config: "{prefix: '<<'}").file()
        }

        private func chat(_ file: DistributionFile? = nil, _ more: [String] = [], term: String = "xterm") throws
            -> PseudoTerminal
        {
            let terminal = try PseudoTerminal(
                Setting.binary, ["chat", (file ?? self.file).path] + more,
                environment: ["XDG_STATE_HOME": state.path, "TERM": term])
            try terminal.wait(for: "echo: /help lists the commands, ^C stops an answer, ^D leaves\r\n")
            try terminal.wait(for: "> ")
            return terminal
        }

        /// By ^D, once it is asked for a line.
        private func leave(_ terminal: PseudoTerminal) throws {
            try terminal.wait(for: "> ")
            terminal.type("\u{4}")
            #expect(terminal.waitForEnd() == .exit(0))
        }

        private static let (left, up, delete, backspace) = ("\u{1B}[D", "\u{1B}[A", "\u{1B}[3~", "\u{7F}")

        @Test(
            "a line is edited by what a reader takes for a character",
            arguments: [
                ("teh\(backspace)\(backspace)he", "the"),
                ("world\u{1}hello \u{5}!", "hello world!"),
                ("one two\u{17}three", "one three"),
                ("日本語x\(backspace)\(backspace)漢", "日本漢"),
                ("cafe\u{301}s\(backspace)\(backspace)E", "cafE"),
                ("a👩‍👩‍👧b\(left)\(left)\(delete)", "ab"),
                ("👍🏽❤️\(left)\(left)x", "x👍🏽❤️"),
                ("🇩🇪🇫🇷\(backspace)", "🇩🇪"),
                ("ทำ\(backspace)ท่า\(left)\(left)\(delete)", "ทา"),
                ("\u{301}x", "\u{301}x"),
                ("a\u{1B}\rb", "a\nb"),
            ])
        func editing(typed: String, message: String) throws {
            let terminal = try chat()
            terminal.type(typed + "\r")
            try terminal.wait(for: "<<\(message.replacing("\n", with: "\r\n"))\r\n")
            try leave(terminal)
        }

        @Test("a paste of several lines is one message, whatever ends its lines, and steers nothing")
        func paste() throws {
            let terminal = try chat()
            #expect(terminal.output.contains("\u{1B}[?2004h"))
            terminal.type("first \u{1B}[200~one\rtwo\r\nthree\n\u{1B}[31m/quit\u{3}\u{1B}[201~ last\r")
            try terminal.wait(for: "<<first one\r\ntwo\r\nthree\r\n[31m/quit last\r\n")
            let long = (0..<3000).map { "line \($0)" }
            terminal.type("\u{1B}[200~\(long.joined(separator: "\r"))\u{1B}[201~\r")
            try terminal.wait(for: "<<line 0\r\nline 1\r\n")
            try terminal.wait(for: "line 2999\r\n\r\n")
            terminal.type("/quit\r")
            #expect(terminal.waitForEnd() == .exit(0))
            // Left as it was found.
            #expect(
                terminal.output.components(separatedBy: "\u{1B}[?2004h").count
                    == terminal.output.components(separatedBy: "\u{1B}[?2004l").count)
        }

        @Test("^C ends an answer or gives up a line and never the program, ^D ends it")
        func interrupt() throws {
            let slow = try Distribution.echo(config: "{prefix: '<<', delay_milliseconds: 100}").file()
            let terminal = try chat(slow)
            terminal.type((0..<1000).map { "w\($0)" }.joined(separator: " ") + "\r")
            try terminal.wait(for: "<<w0 w1")
            terminal.type("\u{3}")
            try terminal.wait(for: " [stopped]\r\n")
            try terminal.wait(for: "> ")
            terminal.type("given up\u{3}")
            try terminal.wait(for: "> ")
            terminal.type("\u{3}")
            try terminal.wait(for: "> ")
            terminal.type("kept\r")
            try terminal.wait(for: "<<kept\r\n")
            try leave(terminal)
            #expect(!terminal.output.contains("<<given"))
        }

        @Test("what was typed comes back in the next talk, from a file that its owner alone can read")
        func history() throws {
            let path = state.path + "/llama-stack/chat_history"
            // A file that an older release has left open to others.
            try FileManager.default.createDirectory(
                atPath: state.path + "/llama-stack", withIntermediateDirectories: true)
            _ = try state.write("\"older\"\nnot JSON\n", "llama-stack/chat_history")
            chmod(path, 0o644)
            var terminal = try chat()
            terminal.type("\u{1B}[200~remember\rthis é\u{1B}[201~\r")
            try terminal.wait(for: "<<remember\r\nthis é\r\n")
            try leave(terminal)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("\n\"remember\\nthis é\"\n"))

            terminal = try chat()
            terminal.type("\(Self.up)!\r")
            try terminal.wait(for: "<<remember\r\nthis é!\r\n")
            terminal.type("\(Self.up)\(Self.up)\(Self.up)\r")
            try terminal.wait(for: "<<older\r\n")
            try leave(terminal)
        }

        @Test("a talk without a terminal keeps no history")
        func noHistory() throws {
            let result = try Command.run(
                ["chat", file.path], exits: 0, input: "hello\n", environment: ["XDG_STATE_HOME": state.path])
            #expect(result.output == "<<hello\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: state.path).isEmpty)
        }

        @Test("a history that can't be written is no reason not to talk")
        func brokenHistory() throws {
            _ = try state.write("", "llama-stack")
            let terminal = try chat()
            terminal.type("hello\r")
            try terminal.wait(for: "<<hello\r\n")
            try leave(terminal)
        }

        @Test("words with a slash are commands, and one that is none is answered with the list")
        func commands() throws {
            let terminal = try chat()
            terminal.type("/help\r")
            try terminal.wait(for: "/model ID    talk to another model\r\n")
            terminal.type("/halp\r")
            try terminal.wait(for: "error: there is no command /halp (did you mean /help?)\r\n/help        this list")
            terminal.type("/quit now\r/model a b\r")
            try terminal.wait(for: "error: /quit takes nothing behind it\r\n/help        this list")
            try terminal.wait(for: "error: /model takes one word behind it\r\n/help        this list")
            terminal.type("/model\r")
            try terminal.wait(for: "* echo\r\n  llama3_8b_chat\r\n  llama3_8b\r\n")
            terminal.type("/model llama3_8c\r")
            try terminal.wait(for: "there is no model 'llama3_8c' (did you mean 'llama3_8b'?)")
            terminal.type("/model llama3_8b\r/model\r")
            try terminal.wait(for: "  echo\r\n  llama3_8b_chat\r\n* llama3_8b\r\n")
            for message in ["/etc/hosts is a file", "//", " /help"] {
                terminal.type(message + "\r")
                try terminal.wait(for: "<<\(message.trimmingCharacters(in: .whitespaces))\r\n")
            }
            terminal.type("/new\r/quit\r")
            #expect(terminal.waitForEnd() == .exit(0))
        }

        @Test("in a pipe a command is none of the messages either, and one that is none fails")
        func pipedCommands() throws {
            let help = try Command.run(["chat", file.path], exits: 0, input: "/help\nhello\n")
            #expect(help.output == "<<hello\n" && help.errors.contains("/quit        leave"))
            let unknown = try Command.run(["chat", file.path], exits: 64, input: "/halp\nhello\n")
            #expect(unknown.output.isEmpty && unknown.errors.contains("there is no command /halp"))
        }

        @Test("what an answer says does not steer the terminal", arguments: ["chat", "complete"])
        func escapes(command: String) throws {
            let prefix = #"{prefix: "\e[2J\x07\u009b1m\r\u202e<<\t"}"#
            let shown = #"\u001B[2J\u0007\u009B1m\u000D\u202E<<"# + "\t"
            let raw = "\u{1B}[2J\u{7}\u{9B}1m\r\u{202E}<<\t"
            let file = try Distribution.echo(config: prefix).file()
            if command == "chat" {
                let terminal = try chat(file)
                terminal.type("hello\r")
                try terminal.wait(for: shown + "hello\r\n")
                try leave(terminal)
                // In a pipe it is as it came.
                #expect(try Command.run(["chat", file.path], exits: 0, input: "hello\n").output == raw + "hello\n")
            } else {
                let arguments = ["complete", file.path, "--prompt", "hello"]
                let terminal = try PseudoTerminal(Setting.binary, arguments)
                #expect(terminal.waitForEnd() == .exit(0))
                #expect(terminal.output == shown + "hello\r\n")
                #expect(try Command.run(arguments, exits: 0).output == raw + "hello\n")
                let json = try PseudoTerminal(Setting.binary, arguments + ["--json"])
                #expect(json.waitForEnd() == .exit(0))
                #expect(!json.output.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{9B}" })
                #expect(try JSON(parsing: json.output)["text"] == .string(raw + "hello"))
            }
        }

        @Test("an end of a line that comes in two pieces is one", arguments: ["chat", "complete"])
        func pieces(command: String) async throws {
            let events = [
                #"{"text_delta": "one\r"}"#, #"{"text_delta": ""}"#, #"{"text_delta": "\ntwo\r"}"#,
                #"{"text_delta": "three\r", "stop_reason": "finished_ok"}"#,
            ]
            let body = events.map { "data: \($0)\n\n" }.joined()
            let answer = Origin.ok(body, type: "text/event-stream")
            try await Origin.run(Origin.answering(answer)) { origin in
                let url = "http://127.0.0.1:\(origin.port)"
                let shown = "one\r\n" + #"two\u000Dthree"# + "\r\n"
                if command == "chat" {
                    let terminal = try PseudoTerminal(
                        Setting.binary, ["chat", "--url", url],
                        environment: ["XDG_STATE_HOME": state.path, "TERM": "dumb"])
                    terminal.type("hello\n")
                    try terminal.wait(for: shown)
                    try leave(terminal)
                } else {
                    let arguments = ["complete", "--url", url, "--prompt", "x"]
                    let terminal = try PseudoTerminal(Setting.binary, arguments)
                    #expect(terminal.waitForEnd() == .exit(0))
                    #expect(terminal.output == shown)
                    #expect(try Command.run(arguments, exits: 0).output == "one\r\ntwo\rthree\r\n")
                }
            }
        }

        @Test("no line of a log steers the terminal", arguments: ["text", "json"])
        func log(format: String) throws {
            let folder = state.path + "/a\u{9B}1m\u{202E}b"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/model.gguf"
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: try Setting.requireModel())
            var distribution = try Distribution.cpu()
            let escaped = path.replacing("\u{9B}", with: #"\u009B"#).replacing("\u{202E}", with: #"\u202E"#)
            distribution.models[0].path = "\"\(escaped)\""
            let file = try distribution.file()
            let terminal = try PseudoTerminal(
                Setting.binary, ["run", file.path, "--port", "0", "--log-format", format])
            try terminal.wait(for: "b/model.gguf")
            try terminal.wait(for: "http://")
            terminal.type("\u{3}")
            #expect(terminal.waitForEnd() == .exit(0))
            #expect(!terminal.output.unicodeScalars.contains { $0 == "\u{9B}" || $0 == "\u{202E}" })
        }

        @Test("a terminal that can't move its cursor gets lines as they are")
        func dumb() throws {
            let terminal = try chat(term: "dumb")
            terminal.type("hello\n")
            try terminal.wait(for: "<<hello\r\n")
            #expect(!terminal.output.contains("\u{1B}"))
            try leave(terminal)
        }
    }
}
