import LlamaStackAPI
import Testing

@testable import Host

/// `inline::python`, from the library that a build leaves, inline and in a process.
struct PythonToolTests {
    private static func start(_ isolation: String, config: String = "{}") async throws -> Stack {
        let yaml = """
            version: 1
            providers:
              tools:
                - provider_id: python
                  provider_type: inline::python
                  isolation: \(isolation)
                  config: \(config)
            tool_groups: [{tool_group_id: code_interpreter}]
            """
        return try await Stack.start(try distribution(yaml), environment: [:])
    }

    private static func run(_ stack: Stack, _ arguments: JSONObject) async throws -> ToolResult {
        let body = ToolCall(toolName: "code_interpreter", arguments: arguments).json
        return try Tools.invoke.decodeAnswer(try await stack.call(.tools, "invoke", body: body).flatMap(\.bytes))
    }

    @Test(arguments: ["inline", "process"])
    func `code_interpreter is listed and runs code`(_ isolation: String) async throws {
        let stack = try await Self.start(isolation)
        let listed = try Tools.list.decodeAnswer(try await stack.call(.tools, "list").flatMap(\.bytes))
        #expect(listed.map(\.toolName) == ["code_interpreter"] && listed[0].isAvailable)
        let result = try await Self.run(stack, ["code": "print(1)"])
        #expect(result == ToolResult(content: "completed\n[stdout]\n1\n[/stdout]"))
        await stack.shutdown()
    }
}
