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
    }
}
