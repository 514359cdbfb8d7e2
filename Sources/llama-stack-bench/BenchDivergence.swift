import ArgumentParser
import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchDivergence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "divergence",
        abstract: "How far rounding takes a model's predictions from the same computed in f32.",
        discussion: """
            The Kullback-Leibler divergence, in nats, of the model's distribution from the base's at each token of a text: \
            what llama-perplexity --kl-divergence measures, on the same tokens. The base is computed in f32 by the engine's \
            own kernels: it is the same file, which shows what arithmetic rounds off, or with --base another one, such as \
            the unquantised model. With --base-precision quantized the base is computed as served, which leaves what \
            --cache-precision changes.

              llama-stack-bench divergence models/some.gguf --text some.txt
            """)

    @OptionGroup var model: BenchModel
    @OptionGroup var text: BenchText
    @Option(help: "The model to compare with.", completion: .file(extensions: ["gguf"]))
    var base: String?
    @Option(
        help: ArgumentHelp(
            "exact computes the base in f32; quantized as the server does by default, with keys and values of bf16.",
            valueName: "precision"))
    var basePrecision: Precision = .exact
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let result = try await OwnThread.run { try measure() }
        let (own, others) = (result.perplexity, result.basePerplexity)
        if json {
            Output.json([
                "mean": .number(result.mean.value), "standard_error": .number(result.mean.error),
                "median": .number(result.median), "percentile_99": .number(result.percentile99),
                "max": .number(result.largest), "same_top": .number(result.sameTop),
                "perplexity": .number(own.value), "base_perplexity": .number(others.value),
                "windows": .integer(Int64(own.windows)), "tokens_scored": .integer(Int64(own.tokens)),
            ])
        } else {
            Output.line(
                String(
                    format:
                        "KL divergence %.3g ± %.1g, median %.2g, 99 %% below %.2g, largest %.2g; same likeliest token "
                        + "at %.2f %% of %d\nperplexity %.4f, base %.4f (%+.2f %%)", result.mean.value,
                    result.mean.error,
                    result.median, result.percentile99, result.largest, 100 * result.sameTop, own.tokens, own.value,
                    others.value, 100 * (own.value / others.value - 1)))
        }
    }

    private func measure() throws -> Divergence {
        let (loaded, checkpoint) = try model.load()
        let windows = try text.windows(for: checkpoint)
        // Read again: the base is multiplied by the engine's own kernels, and by the weights as they are in the file.
        let baseModel = try BenchModel.load(base ?? model.model, .own, basePrecision).0
        do {
            let measurement = try text.measurement(
                loaded, model.precision, cache: model.cachePrecision, threads: model.threadCount)
            let other = try text.measurement(baseModel, basePrecision, threads: model.threadCount)
            let progress = Progress()
            defer { progress.clear() }
            return try measurement.divergence(from: other, of: windows) {
                progress.show(String(format: "window %d of %d: %.4g", $0, $1, $2))
            }
        } catch {
            throw model.failed(error)
        }
    }
}
