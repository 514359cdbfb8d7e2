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

        /// Whether it becomes true within ten seconds.
        private static func waits(for isSo: () -> Bool) -> Bool {
            for _ in 0..<1_000 where !isSo() { usleep(10_000) }
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
