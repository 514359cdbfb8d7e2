import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// `inline::code-guard`, from the library that a build leaves.
struct CodeGuardTests {
    private static func start(_ config: String = "{}", isolation: String = "inline") async throws -> Stack {
        let yaml = """
            version: 1
            providers:
              safety: [{provider_id: code, provider_type: inline::code-guard, isolation: \(isolation)}]
            shields: [{shield_id: code_guard, config: \(config)}]
            """
        return try await Stack.start(try distribution(yaml), environment: [:])
    }

    private static func run(
        _ stack: Stack, _ messages: [Message], params: JSONObject = [:]
    ) async throws -> SafetyViolation? {
        let request = RunShieldRequest(
            shield: ShieldConfig(shieldType: "code_guard", params: params), messages: messages)
        let parts = try await stack.call(.safety, "run_shield", named: "code_guard", body: request.json)
        return try Safety.runShield.decodeAnswer(parts.flatMap(\.bytes)).violation
    }

    private static func call(_ tool: String, _ code: String) -> Message {
        Message(
            role: .assistant, content: "",
            toolCalls: [ToolCall(toolName: tool, arguments: ["code": .string(code)])])
    }

    @Test(arguments: ["inline", "process"])
    func `insecure code is a violation that names the rules, the lines and the reasons`(_ isolation: String)
        async throws
    {
        let stack = try await Self.start(isolation: isolation)
        let text: Content = "So:\n```python\nimport os\nos.system('ls ' + name)\n```\nand\n```python\neval(x)\n```"
        let found = try await Self.run(stack, [Message(role: .assistant, content: text)])
        #expect(found?.violationType == "shell-command,evaluated-text")
        #expect(
            found?.details == """
                message 1, line 4: shell-command; message 1, line 8: evaluated-text. \
                evaluated-text: It runs text as code: parse it with ast.literal_eval or json instead. \
                shell-command: A shell reads a command that is put together at run time: give a list of arguments, \
                without a shell.
                """)
        #expect(found?.suggestedUserResponse == "I can't go on with this code, because parts of it are insecure.")
        #expect(try await Self.run(stack, [Message(role: .assistant, content: "```python\nprint(1)\n```")]) == nil)
        #expect(try await Self.run(stack, []) == nil)
        await stack.shutdown()
    }

    @Test func `what code_interpreter would run is judged whole, and other tools' arguments are not`() async throws {
        let stack = try await Self.start()
        let code = "the words beside a call\nimport pickle; pickle.load(f)"
        let found = try await Self.run(stack, [Self.call("code_interpreter", code)])
        #expect(found?.violationType == "unpickled-data")
        #expect(found?.details.hasPrefix("message 1, call of code_interpreter, line 2: unpickled-data. ") == true)
        #expect(try await Self.run(stack, [Self.call("note", code)]) == nil)
        await stack.shutdown()
    }

    @Test func `a reply is judged alone, and before it every message`() async throws {
        let stack = try await Self.start()
        let asked = Message(role: .user, content: "eval(x)")
        let result = Message(
            role: .tool, content: "", toolResponses: [ToolResponse(toolName: "page", content: "exec(x)")])
        #expect(try await Self.run(stack, [asked, Message(role: .assistant, content: "No.")]) == nil)
        let found = try await Self.run(stack, [asked, Message(role: .user, content: "Is that well?"), result])
        #expect(
            found?.details.hasPrefix(
                "message 1, line 1: evaluated-text; message 3, result of page, line 1: evaluated-text. ") == true)
        await stack.shutdown()
    }

    @Test func `many findings are counted`() async throws {
        let stack = try await Self.start()
        let text = String(repeating: "eval(x)\n", count: 25)
        let found = try await Self.run(stack, [Message(role: .user, content: .text(text))])
        #expect(found?.details.contains("message 1, line 10: evaluated-text; and 15 more. ") == true)
        await stack.shutdown()
    }

    @Test func `rules that the distribution or the request excludes are left out`() async throws {
        let stack = try await Self.start("{excluded_rules: [evaluated-text]}")
        let message = Message(role: .user, content: "eval(x)\nos.system(y)")
        #expect(try await Self.run(stack, [message])?.violationType == "shell-command")
        #expect(try await Self.run(stack, [message], params: ["excluded_rules": ["shell-command"]]) == nil)
        #expect(try await Self.run(stack, [message], params: ["on_violation": "warn"]) != nil)
        for (params, field) in [
            (["rules": []] as JSONObject, "params.rules"), (["excluded_rules": ["eval"]], "params.excluded_rules"),
            (["on_violation": "shout"], "params.on_violation"),
        ] {
            let error = await #expect(throws: CallError.self) { _ = try await Self.run(stack, [], params: params) }
            #expect(error?.code == .invalidRequest && error?.field == field, "\(String(describing: error))")
        }
        await stack.shutdown()
    }

    @Test func `a rule that there is not stops the start, with those that there are`() async throws {
        let error = await #expect(throws: StartFailure.self) { _ = try await Self.start("{excluded_rules: [eval]}") }
        #expect(error?.description.contains("ids of rules: evaluated-text, shell-command") == true)
    }
}
