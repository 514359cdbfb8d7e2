import Foundation
import Host
import ProviderKit
import Testing

@testable import AgentsReference

/// Each branch of a turn, whole: its events and the turn, in golden files. UPDATE_GOLDEN=1 rewrites them.
struct TurnTests {
    private static let shield = ShieldConfig(shieldType: "llama_guard")

    private static func calls(_ calls: (String, JSONObject)...) -> JSON {
        .array(calls.map { .object(["tool_name": .string($0.0), "arguments": .object($0.1)]) })
    }

    private static func say(_ text: String) -> (String, JSONObject) { ("say", ["text": .string(text)]) }

    private static func rounds(_ rounds: JSONObject...) -> JSON { .array(rounds.map(JSON.object)) }

    static let scripts: [(name: String, script: TurnScript)] = [
        ("clean", TurnScript(rounds: rounds(["text": ["Good ", "morning."]]))),
        (
            "memory",
            TurnScript(rounds: rounds(["text": ["ok"]]), agent: { $0.memoryBankUUIDs = ["one", "two"] })
        ),
        (
            "tools",
            TurnScript(
                rounds: rounds(
                    ["text": ["Let me see."], "calls": calls(say("first"), say("second"))], ["text": ["Done."]]))
        ),
        (
            "input violation",
            TurnScript(
                rounds: rounds(["text": ["never"]]), agent: { $0.inputShields = [shield] }, message: "a bad word")
        ),
        (
            "input replaced",
            TurnScript(
                rounds: rounds(["text": ["ok"]]), agent: { $0.inputShields = [shield] }, message: "a secret word")
        ),
        (
            "input warning",
            TurnScript(
                rounds: rounds(["text": ["ok"]]),
                agent: {
                    $0.inputShields = [ShieldConfig(shieldType: "llama_guard", params: ["on_violation": "warn"])]
                }, message: "a bad word")
        ),
        (
            "input ignored",
            TurnScript(
                rounds: rounds(["text": ["ok"]]),
                agent: {
                    $0.inputShields = [ShieldConfig(shieldType: "llama_guard", params: ["on_violation": "ignore"])]
                }, message: "a bad word")
        ),
        (
            "call violation",
            TurnScript(
                rounds: rounds(["calls": calls(say("fine"), say("bad"))]),
                agent: { $0.availableTools[0].inputShields = [shield] })
        ),
        (
            "result violation",
            TurnScript(
                rounds: rounds(["calls": calls(say("a bad result"), ("fail", ["text": "no"]))]),
                agent: { $0.availableTools[0].outputShields = [shield] })
        ),
        (
            "result replaced",
            TurnScript(
                rounds: rounds(["calls": calls(say("a secret"))], ["text": ["ok"]]),
                agent: { $0.availableTools[0].outputShields = [shield] })
        ),
        (
            "output clean",
            TurnScript(
                rounds: rounds([
                    "text": .array((0..<8).map { .string("This is the sentence of number \($0) of this answer. ") })
                ]), agent: { $0.outputShields = [shield] })
        ),
        (
            "output violation in mid-stream",
            TurnScript(
                rounds: rounds([
                    "text": .array(
                        (0..<8).map { .string("A sentence that is good \($0) times. ") } + ["A ba", "d one."]
                            + (0..<8).map { .string("And more of it after that \($0). ") })
                ]), agent: { $0.outputShields = [shield] })
        ),
        (
            "output replaced",
            TurnScript(
                rounds: rounds([
                    "text": .array(
                        (0..<4).map { .string("A sentence that is good \($0) times. ") } + ["The sec", "ret."]
                            + (0..<4).map { .string("And more of it after that \($0). ") })
                ]), agent: { $0.outputShields = [shield] })
        ),
        (
            "caller's tool",
            TurnScript(rounds: rounds(["text": ["One moment."], "calls": calls(("ask", ["question": "who?"]))]))
        ),
        (
            "mixed round",
            TurnScript(rounds: rounds(["calls": calls(("ask", ["question": "who?"]), say("mine"))]))
        ),
        (
            "unknown tool",
            TurnScript(rounds: rounds(["calls": calls(("nothing", [:]))], ["text": ["I see."]]))
        ),
        (
            "failing tool",
            TurnScript(rounds: rounds(["calls": calls(("fail", ["text": "it broke"]))], ["text": ["I see."]]))
        ),
        (
            "wrong arguments",
            TurnScript(
                rounds: rounds(
                    ["calls": calls(("say", ["txt": "a"]))], ["calls": calls(say("a"))], ["text": ["Done."]]))
        ),
        (
            "wrong arguments twice",
            TurnScript(
                rounds: rounds(
                    ["calls": calls(("say", ["text": 1]))], ["calls": calls(("say", ["text": 1]))],
                    ["calls": calls(say("a"))]))
        ),
        (
            "failing twice",
            TurnScript(
                rounds: rounds(
                    ["calls": calls(("fail", ["text": "a"]))], ["calls": calls(("fail", ["text": "a"]))],
                    ["calls": calls(("fail", ["text": "a"]))]))
        ),
        (
            "round limit",
            TurnScript(
                rounds: rounds(
                    ["calls": calls(say("1"))], ["calls": calls(say("2"))], ["calls": calls(say("3"))]),
                config: "{tool_rounds_max: 2}")
        ),
        (
            "call limit",
            TurnScript(
                rounds: rounds(["calls": calls(say("1"), say("2"), say("3"))], ["calls": calls(say("4"))]),
                config: "{tool_calls_max: 2}")
        ),
        (
            "token limit",
            TurnScript(
                rounds: rounds(["text": ["a", "b", "c"], "calls": calls(say("1"))], ["text": ["never"]]),
                config: "{turn_tokens_max: 4}")
        ),
        (
            "cut by max_tokens",
            TurnScript(rounds: rounds(["text": ["a piece of"], "stop": "max_tokens"]))
        ),
        (
            "tool too slow",
            TurnScript(
                rounds: rounds(["calls": calls(say("{\"hangs\":true}"))], ["text": ["ok"]]),
                config: "{tool_seconds_max: 1}")
        ),
        (
            "time limit",
            TurnScript(rounds: rounds(["text": ["so", "{\"hangs\":true}"]]), config: "{turn_seconds_max: 10}")
        ),
        (
            "provider error",
            TurnScript(rounds: rounds(["text": ["so", "{\"error\":\"overloaded\"}"]]))
        ),
        (
            "long result",
            TurnScript(
                rounds: rounds(["calls": calls(say("{\"bytes\":400}"))], ["text": ["ok"]]),
                config: "{tool_result_bytes_max: 256}")
        ),
    ]

    @Test(arguments: scripts.map(\.name))
    func `a turn has these events, and the same steps without them`(name: String) async throws {
        let script = try #require(Self.scripts.first { $0.name == name }?.script)
        try await withAgents(config: script.config) { server in
            try await server.create(script.creation)
            let (events, error) = try await server.events(script.execution)
            var names = StepNames()
            var lines = events.map { event in
                var event = event
                event.stepUUID = names.name(event.stepUUID)
                return event.json.text
            }
            if let error { lines.append("error \(error.code): \(error.message)") }
            for message in server.prompts.last { lines.append("prompt \(message.role.rawValue): \(message.shown)") }
            if error == nil {
                let turn = try await server.execute(script.execution)
                lines.append("reply \(turn.responseMessage.json.text)")
                let refused = turn.steps.contains { step in
                    if case .safetyFiltering(let step) = step { step.violation != nil } else { false }
                }
                let reply = turn.responseMessage.content.text
                #expect(
                    RebuiltTurn(events).steps == turn.steps.map { $0.comparable(refused: refused ? reply : nil) })
            }
            try Golden.compare(lines.joined(separator: "\n") + "\n", name)
        }
    }
}

extension Message {
    /// On one line, without the script that is the system message.
    fileprivate var shown: String {
        if role == .system { return "…" }
        let calls = toolCalls.map { "\($0.toolName)\(JSON.object($0.arguments).text)" }
        let responses = toolResponses.map { "\($0.toolName): \($0.content.text)" }
        return ([content.text] + calls + responses).filter { !$0.isEmpty }.joined(separator: " | ").replacing(
            "\n", with: "⏎")
    }
}

enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/golden/turns")

    static func compare(_ text: String, _ name: String) throws {
        let file = folder.appendingPathComponent(name.replacing(" ", with: "-").replacing("'", with: "") + ".txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
}
