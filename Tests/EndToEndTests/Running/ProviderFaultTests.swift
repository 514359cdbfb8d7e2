import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A provider that reaches for what is the process's.
    @Suite struct ProviderFaultTests {
        private func distribution(_ macro: String, in folder: TemporaryFolder, more: String = "") throws -> Distribution
        {
            let library = try BrokenProvider.build(macro, in: folder)
            return Distribution(
                providers: [.init(id: "probe", type: "inline::probe", more: "library: \(library)")],
                models: [.init(id: "m", provider: "probe", aliases: "[llama3_8b_chat]")], more: more)
        }

        @Test(
            "a provider that calls exit(0) makes `validate` and `run` end with 70 and a line that names it",
            arguments: ["CONSTRUCTOR", "ENTRY", "CREATE", "THREAD", "DESTROY"])
        func exits(_ place: String) throws {
            let folder = try TemporaryFolder()
            let file = try distribution("BREAK_EXIT_IN_\(place)", in: folder).file()
            // It dies in a process of its own, and the mistake is at its line.
            let validated = try Command.run(["validate", file.path], exits: 70)
            #expect(
                validated.errors.contains(/dist\.yaml:\d+:\d+: error: .* exited with 0/), "\(validated.errors)")
            #expect(!validated.output.contains("valid"))
            guard place != "DESTROY", place != "THREAD" else { return }
            let run = try Command.run(["run", file.path, "--port", "0"], exits: 70)
            #expect(run.output.isEmpty)
            #expect(
                run.errors.contains(
                    "llama-stack: a provider library called exit(0) while the host was running: libprovider-inference-probe.so"
                ))
        }

        @Test("a library that calls exit(0) makes `plugin inspect` and `list providers` end with 70")
        func inspected() throws {
            let folder = try TemporaryFolder()
            let library = try BrokenProvider.build("BREAK_EXIT_IN_ENTRY", in: folder)
            let inspected = try Command.run(["plugin", "inspect", library], exits: 70)
            #expect(
                inspected.errors.contains("libprovider-inference-probe.so: the process that read what it holds exited"))
            _ = try Command.run(
                ["list", "providers"], exits: 70, environment: ["LLAMA_STACK_PROVIDER_PATH": folder.path])
        }

        @Test("a crash in a call ends the server by its signal, and a line names provider, method and request id")
        func crash() throws {
            let folder = try TemporaryFolder()
            try Server.run(distribution("BREAK_CRASH_IN_CHAT", in: folder)) { server in
                let body = Requests.chat("Hi").text
                _ = try? server.client.reply(
                    to: "POST \(Requests.chatPath) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
                        + "Content-Type: application/json\r\nX-Request-Id: the-last-one\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(server.process.wait(seconds: 60) == .signal(SIGSEGV))
                let lines = server.log("llama-stack: SIGSEGV at ")
                #expect(lines.count == 1)
                #expect(
                    lines.first?.contains(
                        /at libprovider-inference-probe\.so\+0x[0-9a-f]+, thread ".*" \(\d+\), in inference\/probe chat_completion, request the-last-one$/
                    ) == true, "\(server.process.errors.suffix(500))")
            }
        }

        @Test(
            "what a provider changes of the process in create is put back and logged, and SIGTERM still stops the server"
        )
        func state() throws {
            let folder = try TemporaryFolder()
            try Server.run(distribution("BREAK_PROCESS_STATE", in: folder)) { server in
                for what in ["the process's working directory", "the process's umask", "what SIGTERM does"] {
                    let lines = server.log("inference/probe: changed \(what)")
                    #expect(lines.count == 1 && lines[0].hasSuffix("put back"), "\(what): \(lines)")
                }
                #expect(server.isAlive)
                server.process.send(SIGTERM)
                #expect(server.process.wait(seconds: 60) == .exit(0))
            }
        }

        @Test("a child that a provider forked does not keep the state folder when the server has ended")
        func forks() throws {
            let folder = try TemporaryFolder()
            var children: [pid_t] = []
            defer { for child in children { kill(child, SIGKILL) } }
            let distribution = try distribution("BREAK_FORKS", in: folder, more: "state: \(folder.path)/state")
            for _ in 0..<2 {
                try Server.run(distribution) { server in
                    let line = try #require(server.waitForLog("forked process").first)
                    let child = try #require(line.split(separator: " ").last.flatMap { pid_t($0) })
                    children.append(child)
                    server.process.send(SIGTERM)
                    #expect(server.process.wait(seconds: 60) == .exit(0))
                    #expect(kill(child, 0) == 0)
                }
            }
        }
    }
}
