import LlamaStackAPI
import Testing

@testable import Host

/// Several providers of tools behind one host: C libraries of which each has the tools that its macros say.
struct ToolRoutingTests {
    private static func line(_ name: String, _ description: String = "a tool") -> String {
        #"{"tool_name":"\#(name)","description":"\#(description)","parameters":{},"is_available":true}"# + "\n"
    }

    /// A library that lists these lines and runs one tool, with its own name as the result.
    private static func library(lists lines: String, runs tool: String, _ macros: String...) throws -> String {
        let quoted = lines.replacing(#"\"#, with: #"\\"#).replacing(#"""#, with: #"\""#)
            .replacing("\n", with: #"\n"#)
        return try ProbeLibrary.build(
            [#"TOOLS="\#(quoted)""#, #"TOOL="\#(tool)""#] + macros,
            source: ProbeLibrary.root + "/Tests/Fixtures/providers/every-api.c")
    }

    private static func start(_ libraries: [String], log: LogRecord = LogRecord()) async throws -> Stack {
        let providers = zip(["one", "two", "three"], libraries).map { id, library in
            "    - {provider_id: \(id), provider_type: inline::every, library: \(library)}\n"
        }
        let yaml = "version: 1\nproviders:\n  tools:\n\(providers.joined())"
        return try await Stack.start(try distribution(yaml), environment: [:], log: log.sink)
    }

    private static func list(_ stack: Stack) async throws -> [ListedTool] {
        let bytes = try await stack.call(.tools, "list").flatMap(\.bytes)
        return try Tools.list.decodeAnswer(bytes)
    }

    private static func invoke(_ stack: Stack, _ tool: String) async throws -> Content {
        let body = ToolCall(toolName: tool, arguments: [:]).json
        let bytes = try await stack.call(.tools, "invoke", body: body).flatMap(\.bytes)
        return try Tools.invoke.decodeAnswer(bytes).content
    }

    private static func warnings(_ log: LogRecord) -> [String] {
        log.lines.filter { $0.level == .warning }.map(\.message)
    }

    @Test("the tools of all providers are one list, and each is run by the provider that has it")
    func joined() async throws {
        let stack = try await Self.start([
            try Self.library(lists: Self.line("add"), runs: "add"),
            try Self.library(lists: Self.line("ask"), runs: "ask"),
        ])
        #expect(try await Self.list(stack).map(\.toolName) == ["add", "ask"])
        #expect(try await Self.invoke(stack, "ask") == "ask")
        #expect(try await Self.invoke(stack, "add") == "add")
        let error = await #expect(throws: CallError.self) { _ = try await Self.invoke(stack, "none") }
        #expect(error == CallError(.notFound, "no such tool; asked one, two", field: "tool_name"))
        await stack.shutdown()
    }

    @Test("of two tools with one name the first of the file is listed and run, with one warning")
    func twice() async throws {
        let log = LogRecord()
        let stack = try await Self.start(
            [
                try Self.library(lists: Self.line("add", "first") + Self.line("add", "again"), runs: "add"),
                try Self.library(lists: Self.line("add", "second") + Self.line("ask"), runs: "add"),
            ], log: log)
        for _ in 0..<2 {
            let listed = try await Self.list(stack)
            #expect(listed.map(\.toolName) == ["add", "ask"] && listed[0].description == "first")
        }
        #expect(
            Self.warnings(log) == [
                "the tool 'add' of tools/one is left out: tools/one has one of that name",
                "the tool 'add' of tools/two is left out: tools/one has one of that name",
            ])
        await stack.shutdown()
    }

    @Test(
        "a tool with a name that calls can't use is left out with a warning, also of a single provider",
        arguments: ["", "two words", "größe", "a.b", String(repeating: "x", count: 65)])
    func badName(_ name: String) async throws {
        let log = LogRecord()
        let stack = try await Self.start(
            [try Self.library(lists: Self.line(name) + "no JSON\n" + Self.line("a-Z_9"), runs: "a")], log: log)
        #expect(try await Self.list(stack).map(\.toolName) == ["a-Z_9"])
        let warnings = Self.warnings(log)
        #expect(warnings.count == 2)
        #expect(
            warnings.allSatisfy {
                $0.hasPrefix("a tool of tools/one is left out: its name must be 1 to 64 of A-Z, a-z, 0-9, _ and -, ")
            }, "\(warnings)")
        await stack.shutdown()
    }

    @Test("a provider that can't be reached costs the list its own tools alone, and a call its own alone")
    func unreachable() async throws {
        let log = LogRecord()
        let stack = try await Self.start(
            [
                try Self.library(lists: Self.line("add"), runs: "add"),
                try Self.library(lists: Self.line("gone"), runs: "gone", "TOOLS_DOWN"),
                try Self.library(lists: Self.line("ask"), runs: "ask"),
            ], log: log)
        #expect(try await Self.list(stack).map(\.toolName) == ["add", "ask"])
        #expect(
            Self.warnings(log) == ["the tools of tools/two are left out of the list: the tools are down"])
        #expect(try await Self.invoke(stack, "ask") == "ask")
        let error = await #expect(throws: CallError.self) { _ = try await Self.invoke(stack, "gone") }
        #expect(error == CallError(.upstreamError, "the tools are down"))
        await stack.shutdown()
        let alone = try await Self.start([try Self.library(lists: "", runs: "gone", "TOOLS_DOWN")])
        let down = await #expect(throws: CallError.self) { _ = try await Self.list(alone) }
        #expect(down?.code == .upstreamError)
        await alone.shutdown()
    }

    @Test("a shield decides the provider by its id, and one that is not listed is 404 with those that are")
    func shields() async throws {
        let library = try EveryAPI.library()
        let yaml = """
            version: 1
            providers:
              safety:
                - {provider_id: one, provider_type: inline::every, library: \(library)}
                - {provider_id: two, provider_type: inline::every, library: \(library)}
            shields:
              - {shield_id: a, provider_id: one}
              - {shield_id: b, provider_id: two, config: {some: 1}}
            """
        let stack = try await Stack.start(try distribution(yaml), environment: [:])
        for (id, owner) in [("a", "one"), ("b", "two")] {
            let endpoint = Safety.runShield.description
            #expect(try stack.currentTable.destination(of: endpoint, name: id).instance.providerID == owner)
            #expect(try await stack.call(.safety, "run_shield", named: id).flatMap(\.bytes) == Array("{}".utf8))
        }
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(.safety, "run_shield", named: "c")
        }
        #expect(error == CallError(.notFound, "there is no shield 'c'; there are a, b", field: "shield_type"))
        #expect(stack.summary.resources.map(\.id) == ["a", "b"])
        await stack.shutdown()
    }

    @Test("a shield that a provider announces is judged by, and one that is withdrawn is 404")
    func announced() async throws {
        let stack = try await EveryAPI.start()
        _ = try await stack.ask(.datasets, "announce", #"{"kind":"shield","id":"late"}"#)
        #expect(try await stack.call(.safety, "run_shield", named: "late").flatMap(\.bytes) == Array("{}".utf8))
        _ = try await stack.ask(.datasets, "withdraw", #"{"kind":"shield","id":"late"}"#)
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(.safety, "run_shield", named: "late")
        }
        #expect(error?.code == .notFound)
        await stack.shutdown()
    }

    @Test("a reload takes in shields and groups of tools that were added, changed or removed")
    func reloaded() async throws {
        let providers = """
              tools: [{provider_id: t, provider_type: inline::builtin}]
              safety: [{provider_id: s, provider_type: inline::patterns}]
            """
        let running = try await ReloadedStack.start(providers)
        let stack = running.stack
        let card = RunShieldRequest(
            shield: ShieldConfig(shieldType: "p"), messages: [Message(role: .user, content: "4111111111111111")]
        ).json
        func judged() async throws -> RunShieldResponse {
            let bytes = try await stack.call(.safety, "run_shield", named: "p", body: card).flatMap(\.bytes)
            return try Safety.runShield.decodeAnswer(bytes)
        }
        #expect(try await Self.list(stack) == [])
        _ = try await running.reload(
            providers, more: "tool_groups: [{tool_group_id: math}]\nshields: [{shield_id: p, config: {kinds: [iban]}}]")
        #expect(try await Self.list(stack).map(\.toolName) == ["math"])
        #expect(try await judged().violation == nil)
        _ = try await running.reload(providers, more: "shields: [{shield_id: p, config: {kinds: [card]}}]")
        #expect(try await Self.list(stack) == [])
        #expect(try await judged().violation?.violationType == "card")
        _ = try await running.reload(providers)
        let error = await #expect(throws: CallError.self) { _ = try await judged() }
        #expect(error?.code == .notFound)
        await stack.shutdown()
    }
}
