import LlamaStackAPI
import Testing

@testable import Host

/// `inline::patterns`, from the library that a build leaves, inline and in a process.
struct PatternShieldTests {
    private static func start(_ config: String = "{}", isolation: String = "inline") async throws -> Stack {
        let yaml = """
            version: 1
            providers:
              safety: [{provider_id: p, provider_type: inline::patterns, isolation: \(isolation)}]
            shields:
              - {shield_id: patterns, config: \(config)}
            """
        return try await Stack.start(try distribution(yaml), environment: [:])
    }

    private static func run(
        _ stack: Stack, _ messages: [Message], params: JSONObject = [:]
    ) async throws -> RunShieldResponse {
        let request = RunShieldRequest(
            shield: ShieldConfig(shieldType: "patterns", params: params), messages: messages)
        let parts = try await stack.call(.safety, "run_shield", named: "patterns", body: request.json)
        return try Safety.runShield.decodeAnswer(parts.flatMap(\.bytes))
    }

    private static let card = "my card is 4111 1111 1111 1111, thanks"

    @Test(arguments: ["inline", "process"])
    func `a kind that a request names is a violation, and no other`(_ isolation: String) async throws {
        let stack = try await Self.start(isolation: isolation)
        let messages = [
            Message(role: .user, content: "write to a@example.org"),
            Message(role: .assistant, content: .text(Self.card)),
        ]
        let found = try #require(try await Self.run(stack, messages, params: ["kinds": ["card"]]).violation)
        #expect(found.violationType == "card" && found.details == "message 2 has a card number")
        #expect(found.suggestedUserResponse != nil)
        #expect(try await Self.run(stack, messages, params: ["kinds": ["iban"]]) == RunShieldResponse())
        // A reply is judged alone, and what the user and tools say all together.
        #expect(try await Self.run(stack, messages).violation?.violationType == "card")
        let said = messages.map { Message(role: .user, content: $0.content) }
        #expect(try await Self.run(stack, said).violation?.violationType == "email,card")
        #expect(try await Self.run(stack, []) == RunShieldResponse())
        await stack.shutdown()
    }

    @Test func `what is found is redacted wherever it stands in a message, and the rest stays`() async throws {
        let stack = try await Self.start("{action: redact, patterns: ['Project \\w{1,20}']}")
        let params: JSONObject = ["kinds": ["email", "card"]]
        let message = Message(
            role: .assistant, content: .items(["Project Büro: ask ä@example.org or a@b.de", "plain"]),
            toolCalls: [ToolCall(toolName: "send", arguments: ["to": ["x@example.org"], "n": 1])],
            toolResponses: [ToolResponse(toolName: "t", content: .text(Self.card))])
        let changed = try #require(try await Self.run(stack, [message], params: params).messages)
        #expect(
            changed == [
                Message(
                    role: .assistant, content: .items(["[redacted]üro: ask [email] or [email]", "plain"]),
                    toolCalls: [ToolCall(toolName: "send", arguments: ["to": ["[email]"], "n": 1])],
                    toolResponses: [ToolResponse(toolName: "t", content: "my card is [card], thanks")])
            ])
        #expect(
            try await Self.run(stack, [Message(role: .user, content: "plain")], params: params) == RunShieldResponse())
        await stack.shutdown()
    }

    @Test func `a request adds to what the distribution looks for, and takes nothing away`() async throws {
        let stack = try await Self.start("{patterns: [secret], action: block}")
        let both = [Message(role: .user, content: "the secret of a@example.org")]
        let params: JSONObject = ["patterns": ["public"], "kinds": ["email"], "action": "redact"]
        #expect(try await Self.run(stack, both).violation?.violationType == "pattern")
        #expect(try await Self.run(stack, both, params: params).violation?.violationType == "pattern,email")
        #expect(
            try await Self.run(stack, [Message(role: .user, content: "public")], params: params).violation != nil)
        await stack.shutdown()
    }

    @Test func `the list says how much of a stream a shield must see`() async throws {
        for (config, wanted) in [
            ("{}", 100...400), ("{patterns: ['a{500}']}", 500...500), ("{patterns: ['a+']}", nil),
        ] as [(String, ClosedRange<Int>?)] {
            let stack = try await Self.start(config)
            let listed = try Safety.list.decodeAnswer(try await stack.call(.safety, "list").flatMap(\.bytes))
            #expect(listed.map(\.shieldType) == ["patterns"])
            if let wanted {
                #expect(listed[0].holdBytes.map(wanted.contains) == true, "\(config): \(listed)")
            } else {
                #expect(listed[0].holdBytes == nil)
            }
            await stack.shutdown()
        }
    }

    @Test func `a setting that can't be used is 422 by its name`() async throws {
        let stack = try await Self.start("{patterns: [x]}")
        for (params, field, message) in [
            (["kind": ["card"]] as JSONObject, "params.kind", "did you mean 'kinds'?"),
            (["kinds": ["cards"]], "params.kinds[0]", "did you mean 'card'?"),
            (["action": "drop"], "params.action", "'block', 'redact'"),
            (["on_violation": 1], "params.on_violation", "'raise', 'warn', 'ignore'"),
            (["patterns": ["ok", "(a"]], "params.patterns[1]", "is not taken: at byte"),
            (["patterns": [#"(a)\1"#]], "params.patterns[0]", "is not taken: at byte"),
            (["patterns": ["a+"]], "params.patterns[0]", "may match any number of bytes"),
            (["patterns": ["a{900}"]], "params.patterns[0]", "may match 900 bytes"),
            (["patterns": .array(Array(repeating: "a", count: 65))], "params.patterns", "at most 64 patterns"),
        ] {
            let error = await #expect(throws: CallError.self) { _ = try await Self.run(stack, [], params: params) }
            #expect(error?.code == .invalidRequest && error?.field == field, "\(String(describing: error))")
            #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        }
        for action in ["raise", "warn", "ignore"] {
            let message = Message(role: .user, content: "x")
            #expect(try await Self.run(stack, [message], params: ["on_violation": .string(action)]).violation != nil)
        }
        await stack.shutdown()
    }

    @Test func `a pattern of the distribution that is not taken is an error at its line`() async {
        let failure = await failure { _ = try await Self.start("{patterns: [fine, '(?=a)']}") }
        let lines = failure?.diagnostics.map(\.description) ?? []
        #expect(
            lines.count == 1
                && lines[0].hasPrefix("test.yaml:5:53: error: config of shield 'patterns': item 1 is not taken: "),
            "\(lines)")
    }

    @Test func `a thousand requests with settings of their own are judged right, side by side`() async throws {
        let stack = try await Self.start()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    let messages = [Message(role: .user, content: .text("word\(index % 20) and more"))]
                    let params: JSONObject = ["patterns": [.string("word\(index % 10)\\b")]]
                    let found = try await Self.run(stack, messages, params: params).violation
                    return (found != nil) == (index % 20 < 10)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        await stack.shutdown()
    }
}
