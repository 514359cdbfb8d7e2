import ArgumentParser
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

              llama-stack bench perplexity models/some.gguf --text some.txt
            """)

    @OptionGroup var model: BenchModel
    @Option(help: "A text file.", completion: .file()) var text: String
    @Option(help: "Tokens in a window.") var window = 512
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: text) else {
            throw Fail.with("error: can't read the text at \(text)", exitCode: 66)
        }
        guard let content = String(data: data, encoding: .utf8) else {
            throw Fail.with("error: \(text) is not UTF-8", exitCode: 65)
        }
        // Peers leave the last line's end out of the text.
        let trimmed = content.hasSuffix("\n") ? String(content.dropLast()) : content
        let (result, seconds) = try await OwnThread.run { try measure(trimmed) }
        let rate = Double(result.windows * window) / seconds
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
                    result.error, result.windows, window, rate))
        }
    }

    private func measure(_ text: String) throws -> (ModelMeasurement.Perplexity, Double) {
        let (measurement, checkpoint) = try model.measurement()
        do {
            let tokenizer = try checkpoint.makeTokenizer()
            var tokens = tokenizer.encode(text, special: false)
            let beginning = tokenizer.addsBOS ? tokenizer.bos : nil
            if let beginning { tokens.insert(beginning, at: 0) }
            let start = ContinuousClock.now
            let progress = Progress()
            let result = try measurement.perplexity(of: tokens, windowTokens: window, beginning: beginning) {
                progress.show(String(format: "window %d of %d: %.4f", $0, $1, $2))
            }
            progress.clear()
            return (result, (ContinuousClock.now - start) / .seconds(1))
        } catch {
            throw Fail.with("error: \(self.text): \(error)", exitCode: 65)
        }
    }
}
