import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI
import Parallel

struct BenchFront: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "front",
        abstract:
            "What the HTTP front costs: OpenAI's routes over the draft's, and both over a server that does nothing.",
        discussion: """
            Serves a model and inline::echo in this process, beside a bare Hummingbird server that answers the same bytes, \
            and measures each row's two things in turn. A figure is the median over the rounds; what misses its must is \
            marked.
            """)

    @Option(help: "The model: a GGUF file.", completion: .file(extensions: ["gguf"]))
    var model = "models/SmolLM2-135M-Instruct.Q4_1.gguf"
    @Option(help: "Rounds of each row.") var rounds = 5
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Only these rows, by the beginning of their keys.", valueName: "key"))
    var rows: [String] = []
    @Option(help: "The port of a llama-server on this machine, whose /v1/models is to stand beside.") var peerPort: Int?
    @Flag(help: "Print a JSON object.") var json = false

    func validate() throws {
        guard (1...100).contains(rounds) else {
            throw ValidationError("--rounds must be 1 to 100, got \(rounds)")
        }
    }

    func run() async throws {
        try BenchModel.checkInstructionSet()
        let progress = Progress()
        defer { progress.clear() }
        var measured: [FrontRow] = []
        if wants("front_start") || wants("front_memory") { measured += try await startRows() }
        measured += try await ServedStack.measure(try manifest()) { [self] _, port in
            let answers = try await Self.answers(port)
            return try await BareServer.serve(answers) { barePort in
                try await rows(
                    of: FrontMeasurement(
                        port: port, barePort: barePort, model: "model", echo: "echo", rounds: rounds,
                        note: { progress.show($0) }))
            }
        }
        progress.clear()
        show(measured)
    }

    private func wants(_ key: String) -> Bool { rows.isEmpty || rows.contains { key.hasPrefix($0) } }

    private func rows(of front: FrontMeasurement) async throws -> [FrontRow] {
        var measured: [FrontRow] = []
        if wants("first_token_1_kb") { measured.append(try await front.firstToken(kilobytes: 1, must: 0.5, aim: 0.2)) }
        if wants("first_token_32_kb") { measured.append(try await front.firstToken(kilobytes: 32, must: 3, aim: 1)) }
        for clients in [1, 16] where wants("answers_\(clients)_clients") {
            measured.append(try await front.tokens(clients: clients))
        }
        if wants("event") { measured.append(try await front.event()) }
        if wants("live") {
            measured.append(try await front.requests("live", Self.live, nil, must: 0.6, aim: 0.85))
        }
        let echoed = FrontBodies.chat("echo", Self.echoed, tokens: 0, stream: false)
        if wants("draft_chat") {
            measured.append(
                try await front.requests("draft_chat", FrontBodies.draftRoute, echoed.draft, must: 0.4, aim: 0.7))
        }
        if wants("chat") {
            measured.append(
                try await front.requests("chat", FrontBodies.openAIRoute, echoed.openAI, must: 0.4, aim: 0.7))
        }
        if let peerPort, wants("peer_models") {
            measured.append(try await front.peerModels(peerPort, Self.live))
        }
        if wants("first_token_n_8") || wants("tokens_n_8") {
            let isWide = InstructionSet.name.contains("avx512")
            measured += try await front.manyAnswers(must: isWide ? 4 : 2.5, aim: isWide ? 5 : 4)
        }
        return measured
    }

    /// In the first round alone the front takes memory that this process did not have.
    private func startRows() async throws -> [FrontRow] {
        var start = FrontRow(
            key: "front_start", name: "time until the front listens", unit: "ms", figure: .added(must: 30, aim: 8))
        var memory = FrontRow(
            key: "front_memory", name: "memory of the front once it has answered", unit: "MB",
            figure: .added(must: 10, aim: 4))
        for round in 0..<rounds {
            let cost = try await ServedStack.frontCost(try manifest(hasModel: false))
            start.add(cost.milliseconds, beside: 0)
            if round == 0 { memory.add(Double(cost.bytes) / 1_000_000, beside: 0) }
        }
        return [start, memory]
    }

    private static let live = "GET /health/live"
    private static let echoed = "One line of text, such as a user writes it."

    /// The bodies that the front answers with.
    private static func answers(_ port: Int) async throws -> [String: [UInt8]] {
        let client = try LoadClient(port: port)
        let echoed = FrontBodies.chat("echo", Self.echoed, tokens: 0, stream: false)
        return [
            live: try client.body(client.request(live)),
            FrontBodies.draftRoute: try client.body(client.request(FrontBodies.draftRoute, echoed.draft)),
            FrontBodies.openAIRoute: try client.body(client.request(FrontBodies.openAIRoute, echoed.openAI)),
        ]
    }

    /// - Parameter hasModel: the real model stands beside echo. Its pages come and go while memory is measured.
    private func manifest(hasModel: Bool = true) throws -> Manifest {
        var yaml = """
            version: 1
            name: front
            models:
              - {model_id: echo, provider_id: echo}

            """
        if hasModel {
            yaml += "  - {model_id: model, provider_id: cpu, path: \"\(URL(fileURLWithPath: model).path)\"}\n"
        }
        yaml += """
            providers:
              inference:
                - {provider_id: echo, provider_type: inline::echo}

            """
        if hasModel {
            yaml += "    - {provider_id: cpu, provider_type: inline::cpu, config: {context_tokens_max: 8192}}\n"
        }
        return try Manifest.parse(Array(yaml.utf8), file: "front.yaml", directory: "/", environment: [:])
    }

    private func show(_ measured: [FrontRow]) {
        if json {
            return Output.json([
                "processor": .string(ThisMachine.processor), "load": .number(ThisMachine.loadAverage),
                "isa": .string(InstructionSet.name), "rows": .array(measured.map(\.json)),
            ])
        }
        Output.write(Table.text([FrontRow.headings] + measured.map(\.cells)))
        Output.line(
            String(
                format: "%@, %@, load %.1f, medians of %d rounds", ThisMachine.processor, InstructionSet.name,
                ThisMachine.loadAverage, rounds))
    }
}
