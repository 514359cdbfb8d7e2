import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// `run`, from its start to the moment when it serves.
    @Suite struct RunTests {
        @Test("a start says one line, and names address, APIs, providers and models")
        func startLine() throws {
            try Server.run(.echo()) { server in
                _ = try server.client.get("/health/live")
                #expect(server.process.output.split(separator: "\n").count == 1)
                let expected =
                    "ready: http://127.0.0.1:\(server.port)  apis: inference  providers: inference/echo  models: echo"
                #expect(server.startLine.hasPrefix(expected + "  ("))
                #expect(server.startLine.hasSuffix(" ms)"))
            }
        }

        @Test("more clients than file descriptors wait their turn, and keep no core busy")
        func fewDescriptors() throws {
            try Server.run(.echo(), before: "ulimit -n 64") { server in
                let request = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n"
                var connections = try (0..<100).map { _ in try RawConnection(port: server.port) }
                for connection in connections { connection.send(request) }
                #expect(server.process.errors.contains("connections are taken at once"))
                var answered: Set<Int> = []
                func look() {
                    for (index, connection) in connections.enumerated()
                    where connection.read(seconds: 0)?.isEmpty == false { answered.insert(index) }
                }
                for _ in 0..<6000 where answered.isEmpty {
                    look()
                    usleep(10_000)
                }
                Thread.sleep(forTimeInterval: 0.3)
                let before = try server.process.processorSeconds()
                Thread.sleep(forTimeInterval: 1)
                // Accepting again and again would take all of it; logging a hundred answers takes some.
                #expect(try server.process.processorSeconds() - before < 0.5)
                look()
                #expect((1..<64).contains(answered.count))
                connections = []
                #expect(server.isAlive)
            }
        }

        @Test("a port that is taken is 69, says which and what to do")
        func portTaken() throws {
            try Server.run(.echo()) { server in
                let file = try Distribution.echo().file()
                let second = try Command.run(["run", file.path, "--port", "\(server.port)"], exits: 69)
                #expect(second.errors.contains("can't listen on 127.0.0.1:\(server.port)"))
                #expect(second.errors.contains("Address already in use"))
                #expect(second.errors.contains("--port 0"))
                #expect(second.output.isEmpty)
                #expect(server.isAlive)
            }
        }

        @Test("flags win over the file, and only when they are given")
        func flags() throws {
            // The file's port would be refused: it is taken.
            try Server.run(.echo()) { other in
                let file = try Distribution.echo(server: "{host: 127.0.0.1, port: \(other.port)}").file()
                _ = try Command.run(["run", file.path], exits: 69)
                try Server.run(file: file.path) { #expect($0.port != other.port) }
            }
            let exposed = try Distribution.echo(server: "{host: 0.0.0.0, port: 0}").file()
            _ = try Command.run(["run", exposed.path], exits: 78)
        }

        @Test("a provider in a process of its own answers as it does in the server's", arguments: ["echo", "echo-c"])
        func isolation(name: String) throws { try expectSameAnswers(name) }

        @Test(
            "and so does one in Rust",
            .enabled(
                if: Setting.hasRustProvider, "no libprovider-inference-echo-rust.so beside llama-stack: no cargo here"))
        func isolationRust() throws { try expectSameAnswers("echo-rust") }

        private func expectSameAnswers(_ name: String) throws {
            var answers: [String] = []
            for isolation in ["inline", "process"] {
                var distribution = Distribution.echo()
                distribution.providers[0].type = "inline::\(name)"
                distribution.providers[0].more = "isolation: \(isolation)"
                try Server.run(distribution) { server in
                    let reply = try server.post(Requests.chatPath, Requests.chat("one two three"))
                    #expect(reply.status == 200)
                    answers.append(reply.text)
                }
            }
            #expect(answers[0] == answers[1])
        }

        @Test("`isolation: sandbox` is refused with 78 at its place")
        func sandbox() throws {
            var distribution = Distribution.echo()
            distribution.providers[0].more = "isolation: sandbox"
            let file = try distribution.file()
            let command = try Command.run(["run", file.path, "--port", "0"], exits: 78)
            #expect(command.errors.contains("\(file.path):9:18: error: 'isolation: sandbox' does not exist yet"))
        }

        @Test("an address that others can reach is refused with 78 unless the file says `insecure`")
        func exposed() throws {
            let file = try Distribution.echo().file()
            for host in ["0.0.0.0", "::"] {
                let command = try Command.run(["run", file.path, "--host", host, "--port", "0"], exits: 78)
                #expect(command.errors.contains("\(host) can be reached by others"))
                #expect(command.output.isEmpty)
            }
            try Server.run(.echo(server: "{host: 0.0.0.0, insecure: true}")) { server in
                #expect(server.startLine.hasPrefix("ready: http://0.0.0.0:"))
            }
        }

        @Test("one server at a time has a state folder; the second is 75 and names the first")
        func stateFolder() throws {
            let folder = try TemporaryFolder()
            var distribution = Distribution.echo()
            distribution.more = "state: \(folder.path)/state"
            try Server.run(distribution) { server in
                let file = try distribution.file()
                let second = try Command.run(["run", file.path, "--port", "0"], exits: 75)
                #expect(second.errors.contains("is in use by another llama-stack (process \(server.process.pid))"))
                #expect(server.isAlive)
            }
            // It goes with the process, however that ended.
            try Server.run(distribution) { #expect($0.isAlive) }
            let mode =
                try FileManager.default.attributesOfItem(atPath: folder.path + "/state")[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }

        @Test("a secret from the environment is in no output, whether the start succeeds or not")
        func secrets() throws {
            let secret = "canary-7f3a9c"
            let environment = ["ECHO_PREFIX": secret, "ECHO_DELAY": "x" + secret]
            var distribution = Distribution.echo(config: "{prefix: '${env.ECHO_PREFIX} '}")
            try Server.run(distribution, arguments: ["--log-level", "trace"], environment: environment) { server in
                let reply = try server.post(Requests.chatPath, Requests.chat("Hi"))
                #expect(reply.json["content"] == .string("\(secret) Hi"), "the provider has it")
                #expect(!server.process.errors.contains(secret))
                #expect(!server.process.output.contains(secret))
            }
            distribution.providers[0].config = "{delay_milliseconds: '${env.ECHO_DELAY}'}"
            let file = try distribution.file()
            let refused = try Command.run(["run", file.path, "--port", "0"], exits: 78, environment: environment)
            #expect(refused.errors.contains("delay_milliseconds"))
            #expect(!refused.errors.contains(secret))
        }

        @Test("no prompt and no answer is in the log, at its most talkative")
        func privacy() throws {
            try Server.run(.cpu(), arguments: ["--log-level", "trace"]) { server in
                let reply = try server.post(
                    Requests.chatPath, Requests.chat("What is the quokkaword?", maxTokens: 8))
                #expect(reply.status == 200)
                _ = try server.waitForLog("chat_completion 200")
                #expect(!server.process.errors.contains("quokka"))
            }
        }

        @Test("with --log-format json every line of the log is a JSON object")
        func jsonLog() throws {
            try Server.run(.echo(), arguments: ["--log-format", "json", "--log-level", "debug"]) { server in
                _ = try server.post(Requests.chatPath, Requests.chat("Hi"))
                let lines = try server.waitForLog("chat_completion 200")
                for line in server.process.errors.split(separator: "\n") + lines.map({ $0[...] }) {
                    let object = try JSON(parsing: String(line))
                    #expect(object["time"] != nil && object["level"] != nil && object["message"] != nil)
                }
                let access = try JSON(parsing: lines[0])
                #expect(access["source"] == "http" && access["method"] == "POST" && access["status"] == 200)
                #expect(access["route"] == "/inference/chat_completion")
                for name in ["bytes", "milliseconds"] {
                    switch access[name] {
                    case .integer(let value)?: #expect(value >= 0)
                    case .number(let value)?: #expect(value >= 0)
                    default: Issue.record("\(name) is no number: \(lines[0])")
                    }
                }
            }
        }
    }
}
