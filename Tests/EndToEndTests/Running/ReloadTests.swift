import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A running server whose file is changed: `llama-stack reload` and SIGHUP.
    @Suite struct ReloadTests {
        private static let chat = "/inference/chat_completion"

        /// A distribution with the providers `a` and `b` in a folder of its own.
        private struct Setup {
            let folder: TemporaryFolder
            let library: String
            var isolation = "inline"

            init() throws {
                folder = try TemporaryFolder()
                library = try Self.build(1, in: folder)
            }

            static func build(_ number: Int, in folder: TemporaryFolder) throws -> String {
                try BrokenProvider.build(
                    "BUILD=\(number)", in: folder, fixture: "reloaded-provider", name: "libprovider-own-\(number).so")
            }

            /// Other code under the same name.
            func replaceLibrary() throws { rename(try Self.build(2, in: folder), library) }

            @discardableResult
            func write(_ a: String, more: String = "") throws -> String {
                try folder.write(
                    """
                    version: 1
                    state: ./state
                    providers:
                      inference:
                        - provider_id: a
                          provider_type: inline::reloaded
                          library: \(library)
                          isolation: \(isolation)
                          config: \(a)
                        - {provider_id: b, provider_type: inline::reloaded, library: \(library), config: {say: two}}
                    models: [{model_id: a, provider_id: a}, {model_id: b, provider_id: b}]
                    \(more)
                    """, "dist.yaml")
            }
        }

        private static func answer(_ server: Server) throws -> JSON {
            try server.post(chat, ["model": "a", "messages": []]).json
        }

        @Test("a changed entry answers anew while a stream of another provider loses nothing")
        func changes() throws {
            let setup = try Setup(), file = try setup.write("{say: one}")
            try Server.run(file: file) { server in
                let stream = try server.stream(
                    Self.chat, ["model": "b", "messages": [], "stream": true, "do": "stream"])
                #expect(try stream.next() != nil)
                try setup.write("{say: three}")
                let reload = try Command.run(["reload", file], exits: 0)
                #expect(
                    reload.output == """
                        inference/a: created again (config changed)
                        inference/b: kept

                        """)
                #expect(try Self.answer(server)["say"] == "three")
                var count = 1
                while let event = try stream.next() {
                    #expect(event.data == #"{"say":"two","n":\#(count)}"#)
                    count += 1
                }
                #expect(count == 100)
                #expect(server.log("was reloaded: 1 created again, 1 kept").count == 1)
            }
        }

        @Test("a stream that outlasts the drain of its provider ends with an error that says so")
        func cutsStreams() throws {
            let setup = try Setup(), drain = "server: {limits: {drain_seconds: 0.2}}"
            let file = try setup.write("{say: one}", more: drain)
            try Server.run(file: file) { server in
                let stream = try server.stream(
                    Self.chat, ["model": "a", "messages": [], "stream": true, "do": "long stream"])
                #expect(try stream.next() != nil)
                try setup.write("{say: three}", more: drain)
                _ = try Command.run(["reload", file], exits: 0)
                var last: EventReader.Event?
                while let event = try stream.next() { last = event }
                #expect(last?.name == "error")
                #expect(last?.data.contains("provider_unavailable") == true, "\(last?.data ?? "")")
                #expect(try Self.answer(server)["say"] == "three")
            }
        }

        @Test("a file with mistakes changes nothing, and is told as validate tells it")
        func mistakes() throws {
            let setup = try Setup(), file = try setup.write("{say: one}")
            try Server.run(file: file) { server in
                try setup.write("{sya: three}", more: "modles: []")
                let validate = try Command.run(["validate", file], exits: 78)
                let reload = try Command.run(["reload", file], exits: 78)
                #expect(reload.errors == validate.errors + "nothing has changed\n")
                #expect(reload.output.isEmpty)
                let json = try Command.run(["reload", "--state", setup.folder.path + "/state", "--json"], exits: 78)
                let answer = try JSON(parsing: json.output)
                #expect(answer["applied"] == false)
                #expect(answer["entries"] == [])
                #expect(
                    answer["diagnostics"]
                        == (try JSON(parsing: try Command.run(["validate", "--json", file]).output)["diagnostics"]))
                #expect(try Self.answer(server)["say"] == "one")
            }
        }

        @Test(
            "a library that was replaced is opened in a new process, and inside the server the line says that it is not"
        )
        func library() throws {
            for isolation in ["inline", "process"] {
                var setup = try Setup()
                setup.isolation = isolation
                let file = try setup.write("{say: one}")
                try Server.run(file: file) { server in
                    #expect(try Self.answer(server)["build"] == 1)
                    try setup.replaceLibrary()
                    let reload = try Command.run(["reload", file], exits: 0)
                    let warned = reload.errors.split(separator: "\n").filter { $0.contains("has changed since") }
                    if isolation == "process" {
                        #expect(reload.output.contains("inference/a: created again (the library's file changed)"))
                        #expect(try Self.answer(server)["build"] == 2)
                        #expect(warned.map { $0.contains("dist.yaml:10:") } == [true])
                    } else {
                        #expect(reload.output.contains("inference/a: kept"))
                        #expect(try Self.answer(server)["build"] == 1)
                        #expect(
                            warned.map { $0.contains("dist.yaml:7:") || $0.contains("dist.yaml:10:") } == [true, true])
                    }
                }
            }
        }

        @Test("without a terminal SIGHUP reads the file again, also one that came before the server was ready")
        func hangup() throws {
            let setup = try Setup(), go = setup.folder.path + "/go"
            let file = try setup.write("{say: one, slow: \"\(go)\"}")
            // Becomes the leader of a session without a terminal, and gets one SIGHUP while it starts: when it catches
            // the signal (bit 0 of SigCgt), and before `go` lets a provider become ready.
            let before = """
                (n=0; until grep -qs '^SigCgt:.*[13579bdf]$' /proc/$$/status || [ $n -ge 600 ]; do
                    sleep 0.1; n=$((n+1))
                done; kill -HUP $$; touch '\(go)') & exec setsid "$@"; true
                """
            try Server.run(file: file, before: before) { server in
                _ = try server.waitForLog("was reloaded: 2 kept")
                try setup.write("{say: three}")
                server.process.send(SIGHUP)
                _ = try server.waitForLog("was reloaded: 1 created again, 1 kept")
                #expect(try Self.answer(server)["say"] == "three")
                try setup.write("{sya: four}")
                server.process.send(SIGHUP)
                _ = try server.waitForLog("nothing has changed: 1 mistake")
                _ = try server.waitForLog("unknown key 'sya'")
                #expect(try Self.answer(server)["say"] == "three")
            }
        }

        @Test("with a controlling terminal SIGHUP ends the server as SIGTERM does")
        func hangupOfTerminal() throws {
            let setup = try Setup(), file = try setup.write("{say: one}")
            let output = setup.folder.path + "/typescript"
            // A terminal of its own; it ends as the server does.
            let terminal = try ChildProcess(
                "/usr/bin/env", ["script", "-qefc", "\(Setting.binary) run \(file) --port 0", output])
            defer { terminal.end() }
            var pid: Int32?
            for _ in 0..<600 where pid == nil && terminal.isRunning {
                usleep(100_000)
                let ready = (try? String(contentsOfFile: output, encoding: .utf8))?.contains("ready: ") == true
                guard ready,
                    case .integer(let found)? = try JSON(
                        parsing: try Command.run(["ps", "--json", file], exits: 0).output)["pid"]
                else { continue }
                pid = Int32(found)
            }
            kill(try #require(pid), SIGHUP)
            #expect(terminal.wait(seconds: 60) == .exit(0))
            #expect(try String(contentsOfFile: output, encoding: .utf8).contains("drained"))
        }

        @Test("what came through a pipe can't be read again")
        func pipe() throws {
            let setup = try Setup(), file = try setup.write("{say: one}")
            try Server.run(file: "/dev/stdin", before: "cd \(setup.folder.path) && exec < \(file)") { _ in
                let reload = try Command.run(["reload", "--state", setup.folder.path + "/state"], exits: 69)
                #expect(reload.errors.contains("can't be read again"))
            }
        }
    }
}
