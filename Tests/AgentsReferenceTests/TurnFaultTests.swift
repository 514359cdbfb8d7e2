import Foundation
import Host
import ProviderKit
import Testing

@testable import AgentsReference

/// Turns that go wrong: callers that leave, models that attack, many agents at once. `make torture-turns` has two
/// hundred callers leave in each stage, and the agents call 25,600 tools (`TURNS_ALL=1`).
struct TurnFaultTests {
    private static let isWhole = ProcessInfo.processInfo.environment["TURNS_ALL"] == "1"
    private static let shield = ShieldConfig(shieldType: "llama_guard")

    private func agent(_ id: String, rounds: JSON) -> AgenticSystemCreateRequest {
        AgenticSystemCreateRequest(
            uuid: id, instructions: JSON.object(["rounds": rounds]).text, model: "scripted",
            availableTools: [ToolDefinition(toolName: "say")], executableTools: ["say"])
    }

    private func request(_ id: String, _ text: String = "hello") -> AgenticSystemExecuteRequest {
        AgenticSystemExecuteRequest(agentUUID: id, messages: [Message(role: .user, content: .text(text))])
    }

    private func say(_ text: String) -> JSON {
        .object(["tool_name": "say", "arguments": .object(["text": .string(text)])])
    }

    /// What the scripted providers counted under a name, once `word` happened.
    private func tally(_ server: AgentServer, _ name: String, until word: String) async throws -> String {
        let script = JSON.object(["tell": .string(name), "until": .string(word)]).text
        var call = CallRequest(method: Inference.completion.description.method)
        call.body = CompletionRequest(content: .text(script), model: "scripted").json.bytes
        let answer = try await server.stack.call(
            Inference.completion.description, resourceName: "scripted", request: call
        ).collect()
        return try Inference.completion.decodeAnswer(answer).content.text
    }

    static let stages = [
        "inference", "inference behind a tool", "held back text", "tool", "second tool", "memory", "shield",
    ]

    /// An agent whose turn waits in that stage, where `script` hangs.
    private func agent(_ id: String, hangingIn stage: String, _ script: String) -> AgenticSystemCreateRequest {
        let rounds: JSON =
            switch stage {
            case "tool": [["calls": [say(script)]]]
            case "second tool": [["calls": [say("one"), say(script), say("three")]]]
            case "inference": [["text": [.string(script)]]]
            case "inference behind a tool": [["calls": [say("one")]], ["text": [.string(script)]]]
            case "held back text": [["text": ["held", .string(script)]]]
            default: [["text": ["ok"]]]
            }
        var agent = agent(id, rounds: rounds)
        if stage == "memory" { agent.memoryBankUUIDs = ["one"] }
        if stage == "shield" { agent.inputShields = [Self.shield] }
        if stage == "held back text" { agent.outputShields = [Self.shield] }
        return agent
    }

    @Test(arguments: stages)
    func `a caller that leaves ends what is under way, wherever the turn is`(stage: String) async throws {
        try await withAgents { server in
            var descriptors = 0
            for index in 0..<(Self.isWhole ? 200 : 8) {
                // The first turns open what is kept: a database's files, a thread's descriptors.
                if index == 8 { descriptors = Self.openDescriptors() }
                let name = "left-\(stage)-\(index)"
                let script = JSON.object(["name": .string(name), "hangs": true]).text
                let isStreamed = index % 2 == 0
                try await server.create(agent("\(index)", hangingIn: stage, script))
                let execution = request("\(index)", ["memory", "shield"].contains(stage) ? script : "hello")
                let caller = Task {
                    if isStreamed {
                        _ = try await server.events(execution)
                    } else {
                        _ = try await server.execute(execution)
                    }
                }
                _ = try await tally(server, name, until: "started")
                caller.cancel()
                let counts = try await tally(server, name, until: "cancelled")
                #expect(counts.contains("started 1 ") && counts.contains("cancelled 1 "), "\(counts)")
                _ = await caller.result
            }
            // What a call leaves is closed soon after its end.
            for _ in 0..<500 where Self.openCalls(of: server) > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(Self.openCalls(of: server) == 0)
            guard Self.isWhole else { return }
            let more = Self.openDescriptors() - descriptors
            print("\(stage): 200 callers left, \(Self.openCalls(of: server)) calls and \(more) descriptors are left")
            #expect(more <= 0)
        }
    }

    @Test func `a turn whose caller leaves in mid-stream has these events until then`() async throws {
        try await withAgents { server in
            let script = JSON.object(["name": "left-golden", "hangs": true]).text
            try await server.create(agent("a", rounds: [["text": ["so", .string(script)]]]))
            var execution = request("a")
            execution.stream = true
            let call = server.request(AgenticSystem.execute, Nothing(), execution)
            let caller = Task {
                var (names, lines) = (StepNames(), [String]())
                do {
                    for try await part in try server.stack.call(AgenticSystem.execute.description, request: call) {
                        var event = try AgenticSystem.execute.decodeEvent(part.bytes)
                        event.stepUUID = names.name(event.stepUUID)
                        lines.append(event.json.text)
                        if event.responseTextDelta == "piece 0 " { withUnsafeCurrentTask { $0?.cancel() } }
                    }
                } catch {}
                return lines
            }
            var lines = await caller.value
            lines.append("inference: " + (try await tally(server, "left-golden", until: "cancelled")))
            try Golden.compare(lines.joined(separator: "\n") + "\n", "cancel")
        }
    }

    private static func openCalls(of server: AgentServer) -> Int {
        server.stack.providers.map(\.channel.openCalls).reduce(0, +)
    }

    private static func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }

    @Test func `two hundred agents at once each get the results of their own tools`() async throws {
        try await withAgents { server in
            let (agents, roundsOfTurn, callsOfRound, turns) = (200, 4, 8, Self.isWhole ? 4 : 1)
            func text(_ agent: Int, _ round: Int, _ call: Int) -> String { "\(agent)/\(round)/\(call)" }
            for id in 0..<agents {
                let rounds = (0..<roundsOfTurn).map { round in
                    JSON.object(["calls": .array((0..<callsOfRound).map { say(text(id, round, $0)) })])
                }
                try await server.create(agent("\(id)", rounds: .array(rounds)))
            }
            let mixedUp = try await withThrowingTaskGroup(of: Int.self) { group in
                for id in 0..<agents {
                    group.addTask {
                        var wrong = 0
                        for _ in 0..<turns {
                            let turn = try await server.execute(request("\(id)"))
                            let rounds = turn.steps.compactMap { step -> [ToolResponse]? in
                                if case .toolExecution(let step) = step { step.toolResponses } else { nil }
                            }
                            #expect(rounds.map(\.count) == Array(repeating: callsOfRound, count: roundsOfTurn))
                            for (number, round) in rounds.enumerated() {
                                wrong += round.enumerated().count {
                                    $0.element.content != .text(text(id, number, $0.offset))
                                }
                            }
                        }
                        return wrong
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(mixedUp == 0)
            if Self.isWhole { print("\(agents * turns * roundsOfTurn * callsOfRound) calls, \(mixedUp) mixed up") }
        }
    }

    @Test func `a model that writes a thousand calls runs as many as the turn may`() async throws {
        try await withAgents { server in
            let calls = (0..<1000).map { say("\($0)") }
            try await server.create(agent("a", rounds: [.object(["calls": .array(calls)])]))
            let turn = try await server.execute(request("a"))
            guard case .toolExecution(let step)? = turn.steps.dropFirst().first else {
                Issue.record("no step of tools: \(turn.steps)")
                return
            }
            #expect(step.toolResponses.prefix(32).map(\.content) == (0..<32).map { .text("\($0)") })
            #expect(step.toolResponses.count == 64)
            #expect(step.toolResponses.suffix(32).allSatisfy { $0.content.text.contains("tool_calls_max") })
            #expect(turn.responseMessage.content == "the end")
        }
    }

    @Test func `arguments of a megabyte are passed on whole`() async throws {
        try await withAgents { server in
            let long = String(repeating: "x", count: 1 << 20)
            try await server.create(agent("a", rounds: [.object(["calls": [say(long)]])]))
            let turn = try await server.execute(request("a"))
            guard case .toolExecution(let step)? = turn.steps.dropFirst().first else {
                Issue.record("no step of tools: \(turn.steps.count) steps")
                return
            }
            #expect(step.toolResponses.first?.content.text.contains("tool_result_bytes_max") == true)
            #expect(turn.responseMessage.content == "the end")
        }
    }

    @Test func `no byte of what a shield objects to leaves the server, however the text is cut`() async throws {
        var random = Seeded(seed: 5)
        try await withAgents { server in
            for index in 0..<100 {
                let letters = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    ["a", "b", "d", " ", "é"].randomElement(using: &random) ?? "a"
                }
                let clean = letters.joined().replacing("bad", with: "dab").replacing("bad", with: "")
                let text = clean + " bad" + String(repeating: "more ", count: Int.random(in: 0...60, using: &random))
                let first = clean.utf8.count + 1
                var pieces: [JSON] = []
                var rest = Substring(text)
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...40, using: &random))
                    pieces.append(.string(String(piece)))
                    rest = rest.dropFirst(piece.count)
                }
                var definition = agent("\(index)", rounds: [.object(["text": .array(pieces)])])
                definition.outputShields = [Self.shield]
                try await server.create(definition)
                let (events, error) = try await server.events(request("\(index)"))
                #expect(error == nil)
                let told = events.compactMap(\.responseTextDelta).joined()
                #expect(text.hasPrefix(told))
                #expect(told.utf8.count <= first)
                let whole = try await server.execute(request("\(index)"))
                #expect(whole.responseMessage.content == "No.")
            }
        }
    }
}
