import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct BenchTools: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tools",
        abstract: "How well a model calls tools: the right one, with the right values, and none where none helps.",
        discussion: """
            Serves a distribution and asks its model each request of a file, with the tools that the file offers for it. \
            Benchmarks/Tools/easy.jsonl is one. The files of the Berkeley Function Calling Leaderboard are read too \
            (`multiple`, `simple_python` and `irrelevance` of PyPI's bfcl-eval); their calls stand in a file of the same \
            name in possible_answer beside them.

              llama-stack-bench tools easy.jsonl --distribution cpu.yaml
            """)

    @Argument(help: "The requests: JSON lines.", completion: .file())
    var requests: String
    @Option(help: "The distribution that serves the model.", completion: .file(extensions: ["yaml", "yml"]))
    var distribution: String
    @Option(help: "The model's id; the distribution's first model unless given.") var model: String?
    @Option(help: "The calls that the requests need, where they stand in a file of their own.", completion: .file())
    var answers: String?
    @Option(
        help: ArgumentHelp(
            "auto: the model decides whether it calls, and what begins as a call is one; required: it always calls.",
            valueName: "choice"))
    var toolChoice: Choice = .auto
    @Flag(help: "Hold the model to nothing: it decides, and a call that it writes wrong is text.") var free = false
    @Option(help: "The number of requests, from the first; all by default.") var count: Int?
    @Option(help: "Requests at once.") var concurrency = 8
    @Option(help: "The most tokens of an answer.") var maxTokens = 256
    @Flag(help: "Print JSON lines: each request's reply and what was right about it, then the counts.") var json = false

    enum Choice: String, ExpressibleByArgument, CaseIterable { case auto, required }

    func validate() throws {
        guard !free || toolChoice == .auto else {
            throw ValidationError("--free leaves the choice to the model: it can't be \(toolChoice.rawValue)")
        }
        guard (1...256).contains(concurrency) else {
            throw ValidationError("--concurrency must be 1 to 256, got \(concurrency)")
        }
        guard maxTokens > 0 else { throw ValidationError("--max-tokens must be above 0, got \(maxTokens)") }
        if let count, count < 1 { throw ValidationError("--count must be at least 1, got \(count)") }
    }

    func run() async throws {
        let requests = try read()
        try await DistributionArgument.manifest(at: distribution).overEmptyState { try await measure($0, requests) }
    }

    private func measure(_ manifest: Manifest, _ requests: ArraySlice<ToolRequest>) async throws {
        let stack = try await RunningStack.start(manifest, LogOutput(format: .text, level: .warning))
        do {
            guard let model = model ?? stack.summary.firstModel else {
                throw Fail.with("error: \(distribution) has no models", exitCode: 78)
            }
            let hasChoice = stack.supports("tool_choice", Inference.chatCompletion.description, resourceName: model)
            guard hasChoice != false else {
                throw Fail.with("error: the provider of '\(model)' has no option tool_choice", exitCode: 69)
            }
            let start = ContinuousClock.now
            let score = try await ask(stack, model, requests)
            show(score, model, seconds: (ContinuousClock.now - start) / .seconds(1))
            await stack.shutdown(withinSeconds: 5)
        } catch {
            await stack.shutdown(withinSeconds: 5)
            throw (error as? CallError).map(Fail.with) ?? error
        }
    }

    private func read() throws -> ArraySlice<ToolRequest> {
        let beside = URL(fileURLWithPath: requests)
        let answersPath =
            answers
            ?? beside.deletingLastPathComponent().appending(components: "possible_answer", beside.lastPathComponent)
            .path
        let hasAnswers = answers != nil || FileManager.default.fileExists(atPath: answersPath)
        let expected = try hasAnswers ? parse(answersPath) { try ToolRequest.readAnswers($0) } : nil
        let all = try parse(requests) { try ToolRequest.read($0, answers: expected) }
        return all.prefix(count ?? all.count)
    }

    private func parse<Value>(_ path: String, _ body: (String) throws -> Value) throws -> Value {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fail.with("error: can't read the file at \(path)", exitCode: 66)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Fail.with("error: \(path) is not UTF-8", exitCode: 65)
        }
        do { return try body(text) } catch { throw Fail.with("error: \(path): \(error)", exitCode: 65) }
    }

    private func ask(_ stack: Stack, _ model: String, _ requests: ArraySlice<ToolRequest>) async throws -> ToolScore {
        let progress = Progress()
        defer { progress.clear() }
        var score = ToolScore()
        var next = requests.startIndex
        try await withThrowingTaskGroup(of: (Int, ChatCompletionResponse).self) { group in
            func start() {
                guard next < requests.endIndex else { return }
                let (place, request) = (next, requests[next])
                next += 1
                group.addTask { (place, try await reply(stack, model, to: request)) }
            }
            for _ in 0..<concurrency { start() }
            var done = 0
            while let (place, reply) = try await group.next() {
                start()
                done += 1
                progress.show("\(done) of \(requests.count)")
                let judgement = ToolJudgement(reply.toolCalls, text: reply.content.plainText, for: requests[place])
                score.add(judgement, for: requests[place])
                if json { Output.json(.object(line(requests[place], reply, judgement))) }
            }
        }
        return score
    }

    private func reply(
        _ stack: Stack, _ model: String, to request: ToolRequest
    ) async throws -> ChatCompletionResponse {
        let endpoint = Inference.chatCompletion.description
        var messages = request.messages
        let last = messages.removeLast()
        var call = CallRequest(method: endpoint.method)
        call.options["tool_choice"] = .string(choiceName)
        call.body =
            ChatCompletionRequest(
                model: InstructModel(rawValue: model), dialog: Dialog(message: last, messageHistory: messages),
                availableTools: request.tools, maxTokens: maxTokens
            ).json.bytes
        let answer = try await stack.call(endpoint, resourceName: model, request: call).collect()
        return try ChatCompletionResponse(json: JSON(parsing: answer), at: .root)
    }

    private var choiceName: String { free ? "free" : toolChoice.rawValue }

    private func line(
        _ request: ToolRequest, _ reply: ChatCompletionResponse, _ judgement: ToolJudgement
    ) -> JSONObject {
        [
            "id": .string(request.id), "needs_call": .bool(request.expected != nil),
            "calls": .array(reply.toolCalls.map(\.json)), "text": .string(reply.content.plainText),
            "right_tool": .bool(judgement.hasRightTool), "valid": .bool(judgement.isValid),
            "right_values": .bool(judgement.hasRightValues),
            "malformed": .bool(judgement.isMalformed),
        ]
    }

    private func show(_ score: ToolScore, _ model: String, seconds: Double) {
        if json {
            return Output.json([
                "model": .string(model), "tool_choice": .string(choiceName), "needed": .integer(Int64(score.needed)),
                "called": .integer(Int64(score.called)), "malformed": .integer(Int64(score.malformed)),
                "right_tools": .integer(Int64(score.rightTools)), "valid": .integer(Int64(score.valid)),
                "right_values": .integer(Int64(score.rightValues)),
                "unneeded": .integer(Int64(score.unneeded)), "called_in_vain": .integer(Int64(score.calledInVain)),
                "seconds": .number(seconds), "load_average": .number(ThisMachine.loadAverage),
            ])
        }
        func row(_ name: String, _ count: Int, of total: Int) -> [String] {
            [name, "\(count)", total == 0 ? "-" : String(format: "%.1f %%", 100 * Double(count) / Double(total))]
        }
        Output.write(
            Table.text([
                row("requests that need a call", score.needed, of: score.needed),
                row("  right tool", score.rightTools, of: score.needed),
                row("  with valid arguments", score.valid, of: score.needed),
                row("  with right values", score.rightValues, of: score.needed),
                row("  called", score.called, of: score.needed),
                row("  a call written wrong", score.malformed, of: score.needed),
                row("requests that need none", score.unneeded, of: score.unneeded),
                row("  called", score.calledInVain, of: score.unneeded),
            ]))
        Output.line(
            String(format: "\n%@, %@, %.0f s; load average ", model, choiceName, seconds) + "\(ThisMachine.loadAverage)"
        )
    }
}

extension Content {
    fileprivate var plainText: String {
        all.reduce(into: "") { text, item in
            if case .text(let piece) = item { text += piece }
        }
    }
}
