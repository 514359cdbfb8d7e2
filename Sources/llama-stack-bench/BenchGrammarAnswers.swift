import ArgumentParser
import Checkpoints
import CommandSupport
import Foundation
import Grammars
import JSONSchema
import LlamaEngine
import LlamaStackAPI
import Synchronization
import Tokenizers

struct BenchGrammarAnswers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grammar-answers",
        abstract: "What a model answers when it is held to JSON Schemas, and how fast.",
        discussion: """
            Reads lines of {"schema": …, "prompt": "…"} and prints a line for each with the answer's text and how it \
            ended, then one with the tokens per second of all together.

              llama-stack-bench grammar-answers models/some.gguf schemas.jsonl --temperature 1 --together 16
            """)

    @OptionGroup var model: BenchModel
    @Argument(help: "A file of schemas and prompts.") var file: String
    @Option(help: "The temperature; the seed is the line's number.") var temperature = 1.0
    @Option(help: "Tokens of an answer, at most.") var tokens = 512
    @Option(help: "Answers at once.") var together = 16
    @Flag(help: "Do not hold answers to their schemas, for comparison.") var free = false

    func run() async throws {
        let (loaded, checkpoint) = try model.load()
        let tokenizer = try checkpoint.makeTokenizer()
        let library = GrammarLibrary {
            TokenTrie(vocabulary: tokenizer.vocabularySize) {
                tokenizer.appendBytes(of: $0, showingControl: false, to: &$1)
            }
        }
        var requests: [Generation.Request] = []
        for (index, line) in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").enumerated() {
            let row = try JSON(parsing: String(line))
            guard let schema = row["schema"], let prompt = row["prompt"]?.stringValue else {
                throw ValidationError("\(file): each line must have a schema and a prompt")
            }
            let value = try ValueSchema(parsing: schema)
            requests.append(
                Generation.Request(
                    prompt: tokenizer.encode(prompt, special: true), tokensMax: tokens,
                    sampling: Sampling(temperature: temperature, seed: UInt64(index)),
                    stopTokens: tokenizer.endOfTurnTokens,
                    grammar: free ? nil : try await library.state("\(index)") { .now(.value(value, .spaced)) }))
        }
        var options = Generation.Options()
        options.threads = model.threadCount
        (options.precision, options.cachePrecision) = (model.arithmetic, model.cachePrecision)
        options.runningMax = together
        options.waitingMax = requests.count
        let engine = try Engine(model: loaded, options: options)
        let start = ContinuousClock.now
        let answers = try await answer(requests, engine)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        var count = 0
        for answer in answers {
            count += answer.tokens.count
            Output.json(["text": .string(tokenizer.decode(answer.tokens)), "end": .string(answer.end)])
        }
        let load = engine.load
        Output.json([
            "tokens_per_second": .number(Double(count) / seconds), "tokens": .integer(Int64(count)),
            "drafted": .integer(Int64(load.tokensDrafted)), "accepted": .integer(Int64(load.tokensAccepted)),
        ])
    }

    private struct Answer: Sendable {
        var tokens: [Int32] = []
        var end = ""
    }

    private func answer(_ requests: [Generation.Request], _ engine: Engine) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask {
                    let (events, heard) = AsyncStream.makeStream(of: Generation.Event.self)
                    _ = try engine.submit(request) { event in
                        heard.yield(event)
                        if case .token = event { return .more }
                        heard.finish()
                        return .more
                    }
                    var answer = Answer()
                    for await event in events {
                        switch event {
                        case .token(let token): answer.tokens.append(token.id)
                        case .finished(let finish): answer.end = "\(finish.reason)"
                        case .failed(let error): answer.end = "\(error)"
                        }
                    }
                    return (index, answer)
                }
            }
            var answers = [Answer](repeating: Answer(), count: requests.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }
}
