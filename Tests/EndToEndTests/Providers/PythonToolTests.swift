import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `code_interpreter` over HTTP.
    @Suite struct PythonToolTests {
        private static let yaml = """
            version: 1
            providers:
              tools:
                - {provider_id: python, provider_type: inline::python}
            tool_groups:
              - {tool_group_id: code_interpreter, provider_id: python}
            """

        @Test("code runs in a cage, and a program that fails says why")
        func runs() throws {
            let folder = try TemporaryFolder()
            try Server.run(file: try folder.write(Self.yaml, "dist.yaml")) { server in
                let one = try server.post(
                    "/tools/invoke", ["tool_name": "code_interpreter", "arguments": ["code": "print(1)"]])
                #expect(
                    one.json == ["content": "completed\n[stdout]\n1\n[/stdout]", "is_error": false, "files": []])
                let failed = try server.post(
                    "/tools/invoke", ["tool_name": "code_interpreter", "arguments": ["code": "x = 1\nx.y"]])
                #expect(
                    failed.json["content"]?.stringValue == """
                        failed
                        [stderr]
                        Traceback (most recent call last):
                          File "<code>", line 2, in <module>
                            x.y
                        AttributeError: 'int' object has no attribute 'y'
                        [/stderr]
                        """)
            }
        }

        @Test("a server that is killed takes its cages with it")
        func killed() throws {
            let folder = try TemporaryFolder()
            let mark = "97\(Int.random(in: 100_000_000...999_999_999))"
            try Server.run(file: try folder.write(Self.yaml, "dist.yaml")) { server in
                let code = "import subprocess\nsubprocess.run(['/usr/bin/sleep', '\(mark)'], start_new_session=True)"
                Thread.detachNewThread {
                    _ = try? server.post(
                        "/tools/invoke", ["tool_name": "code_interpreter", "arguments": ["code": .string(code)]])
                }
                #expect(Self.waits { Self.isRunning(mark) })
                server.process.send(SIGKILL)
                #expect(Self.waits { !Self.isRunning(mark) })
            }
        }

        private static let hasMatplotlib = FileManager.default.fileExists(
            atPath: "/usr/lib/python3/dist-packages/matplotlib/__init__.py")

        @Test(
            "a plot that a model's code makes in an agent's turn comes back behind the reply's words",
            .enabled(if: hasMatplotlib, "python3-matplotlib is not installed"), arguments: [false, true])
        func plot(isStreamed: Bool) throws {
            let folder = try TemporaryFolder()
            let library =
                URL(fileURLWithPath: Setting.binary).deletingLastPathComponent().path + "/libscripted-provider.so"
            let yaml = """
                version: 1
                state: \(folder.path)
                providers:
                  inference: [{provider_id: scripted, provider_type: inline::scripted, library: \(library)}]
                  tools: [{provider_id: python, provider_type: inline::python}]
                  agentic_system: [{provider_id: agents, provider_type: inline::reference}]
                models: [{model_id: scripted, provider_id: scripted}]
                tool_groups: [{tool_group_id: code_interpreter, provider_id: python}]
                """
            let code = "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()\nprint(sum([1, 4, 9]))"
            let rounds: JSON = [
                "rounds": [
                    ["calls": [["tool_name": "code_interpreter", "arguments": ["code": .string(code)]]]],
                    ["text": ["Here it is."]],
                ]
            ]
            try Server.run(file: try folder.write(yaml, "dist.yaml")) { server in
                let created = try server.post(
                    "/agentic_system/create",
                    [
                        "uuid": "a", "instructions": .string(rounds.text), "model": "scripted",
                        "available_tools": [["tool_name": "code_interpreter"]],
                        "executable_tools": ["code_interpreter"],
                    ])
                #expect(created.status == 200, "\(created.text)")
                let turn = try Self.turn(server, isStreamed: isStreamed)
                #expect(turn.results == ["completed\n[stdout]\n14\n[/stdout]\n[files] figure-1.png"])
                #expect(turn.words == "Here it is.")
                let file = turn.files.first
                #expect(turn.files.count == 1 && file?["mime_type"] == "image/png", "\(turn.files)")
                let url = try #require(file?["url"]?.stringValue)
                #expect(url.hasPrefix("data:image/png;base64,"))
                let picture = try #require(Data(base64Encoded: String(url.dropFirst("data:image/png;base64,".count))))
                #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 5_000)
            }
        }

        /// The parts of a turn that a caller finds, whole or by its events.
        private struct Found {
            var results: [String] = []
            var words = ""
            var files: [JSON] = []

            mutating func take(_ content: JSON?) {
                for item in content?.items ?? [] {
                    if let text = item.stringValue { results.append(text) } else { files.append(item) }
                }
            }
        }

        private static func turn(_ server: Server, isStreamed: Bool) throws -> Found {
            let body: JSON = [
                "agent_uuid": "a", "stream": .bool(isStreamed), "messages": [["role": "user", "content": "Draw it."]],
            ]
            var found = Found()
            guard isStreamed else {
                let turn = try server.post("/agentic_system/execute", body).json["turn"] ?? .null
                for step in turn["steps"]?.items ?? [] {
                    for response in step["tool_responses"]?.items ?? [] { found.take(response["content"]) }
                }
                // The same file stands behind the reply.
                let reply = turn["response_message"]?["content"]?.items ?? []
                #expect(reply.dropFirst() == found.files[...], "\(turn.text.prefix(2_000))")
                found.words = reply.first?.stringValue ?? ""
                return found
            }
            let stream = try server.stream("/agentic_system/execute", body)
            while let event = try stream.next() {
                let json = try JSON(parsing: event.data)
                if let response = json["tool_response_delta"] { found.take(response["content"]) }
                found.words += json["response_text_delta"]?.stringValue ?? ""
            }
            return found
        }

        /// Whether it becomes true within a minute.
        private static func waits(for isSo: () -> Bool) -> Bool {
            for _ in 0..<6_000 where !isSo() { usleep(10_000) }
            return isSo()
        }

        /// Whether any process has that argument.
        private static func isRunning(_ argument: String) -> Bool {
            ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).contains { pid in
                guard Int(pid) != nil, let file = fopen("/proc/\(pid)/cmdline", "r") else { return false }
                defer { fclose(file) }
                var bytes = [UInt8](repeating: 0, count: 256)
                let count = fread(&bytes, 1, bytes.count, file)
                return String(decoding: bytes.prefix(count), as: UTF8.self).contains(argument)
            }
        }
    }
}
