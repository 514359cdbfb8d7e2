import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct BenchTurns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turns",
        abstract: "What a turn of an agent costs over the same chat completion.",
        discussion: """
            Serves inline::echo, which computes nothing, and inline::reference, and asks for a turn without tools, in turn \
            with a chat completion of the same messages, over one connection: with one message of 1 KB, and with more \
            behind a history of earlier turns.
            """)

    @Option(help: "Requests of each kind and size.") var count = 1000
    @Flag(help: "Print a JSON object.") var json = false

    func validate() throws {
        guard (10...100_000).contains(count) else {
            throw ValidationError("--count must be 10 to 100000, got \(count)")
        }
    }

    /// The history before the message, in messages of 1 KB: as many turns, each of two messages of half of it.
    private static let historyKilobytes = [0, 8, 32, 128]

    private struct Row: Sendable {
        let kilobytes: Int
        var turn: [Double] = []
        var chat: [Double] = []
        var added: Double { Spread(turn).median - Spread(chat).median }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/bench-turns-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let yaml = """
            version: 1
            name: turns
            state: \(folder)
            providers:
              inference: [{provider_id: echo, provider_type: inline::echo}]
              agentic_system: [{provider_id: agents, provider_type: inline::reference}]
            models: [{model_id: echo, provider_id: echo}]
            """
        let manifest = try Manifest.parse(Array(yaml.utf8), file: "turns.yaml", directory: "/", environment: [:])
        let count = count
        let rows = try await ServedStack.measure(manifest) { stack, port in
            let connection = try HTTPConnection(port: port)
            let agent = AgenticSystemCreateRequest(uuid: "a", instructions: "Be brief.", model: "echo")
            _ = try await connection.microseconds(
                of: HTTPConnection.Request(route: "POST /agentic_system/create", body: agent.json.bytes))
            var rows: [Row] = []
            for kilobytes in Self.historyKilobytes {
                rows.append(try await Self.measure(connection, kilobytes, count))
            }
            return rows
        }
        show(rows)
    }

    private static func measure(_ connection: HTTPConnection, _ kilobytes: Int, _ count: Int) async throws -> Row {
        let turn = HTTPConnection.Request(route: "POST /agentic_system/execute", body: execution(kilobytes).json.bytes)
        let chat = HTTPConnection.Request(
            route: "POST /inference/chat_completion", body: completion(kilobytes).json.bytes)
        var row = Row(kilobytes: kilobytes)
        for round in 0..<count + count / 10 {
            let chatTime = try await connection.microseconds(of: chat)
            let turnTime = try await connection.microseconds(of: turn)
            // The first tenth warms up.
            guard round >= count / 10 else { continue }
            row.chat.append(chatTime)
            row.turn.append(turnTime)
        }
        return row
    }

    private static func message(_ role: Role, _ bytes: Int) -> Message {
        Message(role: role, content: .text(String(repeating: "word ", count: bytes / 5)))
    }

    private static func execution(_ kilobytes: Int) -> AgenticSystemExecuteRequest {
        let reply = message(.assistant, 512)
        let turn = AgenticSystemTurn(
            userMessages: [message(.user, 512)],
            steps: [.modelInference(ModelInferenceStep(uuid: "step", text: ""))], responseMessage: reply)
        return AgenticSystemExecuteRequest(
            agentUUID: "a", messages: [message(.user, 1024)],
            turnHistory: [AgenticSystemTurn](repeating: turn, count: kilobytes))
    }

    private static func completion(_ kilobytes: Int) -> ChatCompletionRequest {
        var history = [Message(role: .system, content: "Be brief.")]
        for _ in 0..<kilobytes { history += [message(.user, 512), message(.assistant, 512)] }
        return ChatCompletionRequest(
            model: "echo", dialog: Dialog(message: message(.user, 1024), messageHistory: history))
    }

    private func show(_ rows: [Row]) {
        let perKilobyte = rows.last.map { last in
            (last.added - (rows.first?.added ?? 0)) / Double(max(last.kilobytes, 1))
        }
        if json {
            return Output.json(
                .object([
                    "rows": .array(
                        rows.map { row in
                            .object([
                                "history_kb": .integer(Int64(row.kilobytes)), "chat_us": Spread(row.chat).json,
                                "turn_us": Spread(row.turn).json, "added_us": .number(row.added),
                            ])
                        }),
                    "added_us_per_kb": .number(perKilobyte ?? 0),
                ]))
        }
        let cells = rows.map { row in
            [
                "\(row.kilobytes) KB", String(format: "%.1f", Spread(row.chat).median),
                String(format: "%.1f", Spread(row.turn).median), String(format: "%.1f", row.added),
            ]
        }
        Output.write(Table.text([["history", "chat", "turn", "added, µs"]] + cells))
        Output.line(String(format: "added per KB of history: %.1f µs", perKilobyte ?? 0))
    }
}
