import LlamaStackAPI
import Testing

@testable import Host

/// `inline::builtin`, from the library that a build leaves, inline and in a process.
struct BuiltinToolsTests {
    private static func start(_ isolation: String, groups: String = "[{tool_group_id: math}]") async throws -> Stack {
        let yaml = """
            version: 1
            providers:
              tools:
                - {provider_id: builtin, provider_type: inline::builtin, isolation: \(isolation)}
            tool_groups: \(groups)
            """
        return try await Stack.start(try distribution(yaml), environment: [:])
    }

    private static func math(_ stack: Stack, _ arguments: JSONObject) async throws -> ToolResult {
        let body = ToolCall(toolName: "math", arguments: arguments).json
        return try Tools.invoke.decodeAnswer(try await stack.call(.tools, "invoke", body: body).flatMap(\.bytes))
    }

    @Test(arguments: ["inline", "process"])
    func `math is listed and run`(_ isolation: String) async throws {
        let stack = try await Self.start(isolation)
        let listed = try Tools.list.decodeAnswer(try await stack.call(.tools, "list").flatMap(\.bytes))
        #expect(listed.map(\.toolName) == ["math"] && listed[0].isAvailable)
        #expect(listed[0].parameters["required"] == ["query"])
        #expect(try await Self.math(stack, ["query": "15% of 80"]) == ToolResult(content: "12"))
        await stack.shutdown()
    }

    @Test func `a call that math can't use is answered with a sentence to act on`() async throws {
        let stack = try await Self.start("inline")
        let results: [(JSONObject, Content)] = [
            (["query": "2 +"], "query: column 4: expected a number, got the end"),
            ([:], "query: is required, an expression such as 2 + 3"),
            (["query": 5], "query: must be a string, such as \"2 + 3\", got a number"),
            (["a": 1, "query": "1"], "'a' is no argument: write the whole expression in query"),
        ]
        for (arguments, content) in results {
            #expect(try await Self.math(stack, arguments) == ToolResult(content: content, isError: true))
        }
        await stack.shutdown()
    }

    @Test func `a tool that there is not is 404 with those that there are, and without a group there is none`()
        async throws
    {
        let body = ToolCall(toolName: "maths", arguments: [:]).json
        for (groups, message) in [
            ("[{tool_group_id: math}]", "there is no tool 'maths'; there are math"),
            ("[]", "there is no tool 'maths'"),
        ] {
            let stack = try await Self.start("inline", groups: groups)
            let error = await #expect(throws: CallError.self) {
                _ = try await stack.call(.tools, "invoke", body: body)
            }
            #expect(error == CallError(.notFound, message, field: "tool_name"))
            await stack.shutdown()
        }
    }

    @Test func `a group that there is not, and a config that it has not, are errors at their lines`() async {
        for (groups, message) in [
            (
                "[{tool_group_id: maths}]",
                "test.yaml:5:31: error: tools/builtin can't serve tool group 'maths': inline::builtin has no group of "
                    + "tools 'maths' (did you mean 'math'?); there are math"
            ),
            (
                "[{tool_group_id: math, config: {digits: 5}}]",
                "test.yaml:5:54: error: config of tool group 'math': 'digits' is not a field"
            ),
        ] {
            let failure = await failure { _ = try await Self.start("inline", groups: groups) }
            let lines = failure?.diagnostics.map(\.description) ?? []
            #expect(lines.count == 1 && lines[0].hasPrefix(message), "\(lines)")
        }
    }
}
