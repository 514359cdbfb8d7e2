import ArgumentParser
import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchPerplexity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "How well a model predicts a text: lower is better.",
        discussion: """
            Follows llama.cpp's llama-perplexity, so that the two can be compared on one file and one text: windows \
            that do not overlap, of which the second half is scored.

              llama-stack-bench perplexity models/some.gguf --text some.txt
            """)

    @OptionGroup var model: BenchModel
    @OptionGroup var text: BenchText
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let (result, seconds) = try await OwnThread.run { try measure() }
        let rate = Double(result.windows * text.window) / seconds
        if json {
            Output.json([
                "perplexity": .number(result.value), "standard_error": .number(result.error),
                "windows": .integer(Int64(result.windows)), "tokens_scored": .integer(Int64(result.tokens)),
                "tokens_per_second": .number(rate),
            ])
        } else {
            Output.line(
                String(
                    format: "perplexity %.4f ± %.4f over %d windows of %d tokens (%.0f tokens/s)", result.value,
                    result.error, result.windows, text.window, rate))
        }
    }

    private func measure() throws -> (Perplexity, Double) {
        let (loaded, checkpoint) = try model.load()
        let windows = try text.windows(for: checkpoint)
        do {
            let measurement = try text.measurement(
                loaded, model.precision, cache: model.cachePrecision, threads: model.threadCount)
            let start = ContinuousClock.now
            let progress = Progress()
            let result = try measurement.perplexity(of: windows) {
                progress.show(String(format: "window %d of %d: %.4f", $0, $1, $2))
            }
            progress.clear()
            return (result, (ContinuousClock.now - start) / .seconds(1))
        } catch {
            throw model.failed(error)
        }
    }
}
