import ArgumentParser
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed",
        abstract: "How fast a model reads a prompt and writes an answer.",
        discussion: """
            Measures what llama.cpp's llama-bench calls pp and tg: one sequence, no sampling. Reports the median of \
            several rounds, with the slowest and the fastest.

              llama-stack bench speed models/SmolLM2-135M-Instruct.Q4_1.gguf --threads 2
            """)

    @OptionGroup var model: BenchModel
    @Option(help: "Tokens of the prompt.") var prompt = 512
    @Option(help: "Tokens of the answer.") var generate = 128
    @Option(help: "Rounds; the first is not counted.") var rounds = 6
    @Flag(help: "Print a JSON object.") var json = false

    func validate() throws {
        guard (2...1000).contains(rounds) else { throw ValidationError("--rounds must be 2 to 1000, got \(rounds)") }
        guard prompt > 0, generate > 0 else { throw ValidationError("--prompt and --generate must be above 0") }
    }

    func run() async throws {
        let (prefill, decode) = try await OwnThread.run { try measure() }
        if json {
            Output.json(["prefill_tokens_per_second": prefill.json, "decode_tokens_per_second": decode.json])
        } else {
            Output.write(
                Table.text([
                    ["", "median", "slowest", "fastest", "tokens/s"],
                    ["prefill \(prompt)"] + prefill.cells, ["decode \(generate)"] + decode.cells,
                ]))
        }
    }

    private func measure() throws -> (prefill: Spread, decode: Spread) {
        let (measurement, _) = try model.measurement()
        let progress = Progress()
        var prefill: [Double] = []
        var decode: [Double] = []
        do {
            for round in 0..<rounds {
                progress.show("round \(round + 1) of \(rounds)")
                let read = try measurement.prefillTime(tokens: prompt) / .seconds(1)
                let write = try measurement.decodeTime(tokens: generate) / .seconds(1)
                guard round > 0 else { continue }
                prefill.append(Double(prompt) / read)
                decode.append(Double(generate) / write)
            }
        } catch {
            throw Fail.with("error: \(model.model): \(error)", exitCode: 65)
        }
        progress.clear()
        return (Spread(prefill), Spread(decode))
    }
}
