import ArgumentParser
import Foundation
import LlamaEngine

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine: a model's quality and speed, and what a call costs.",
        discussion: """
            Measure on an idle machine, several times, and compare only what was measured in turn. Progress goes to \
            standard error, results to standard output.
            """,
        subcommands: [BenchPerplexity.self, BenchSpeed.self, BenchEmbeddings.self, BenchCalls.self])
}

/// The model that a benchmark works on, and how it is computed.
struct BenchModel: ParsableArguments {
    @Argument(help: "The model: a GGUF file.", completion: .file(extensions: ["gguf"]))
    var model: String

    @Option(help: "Threads; by default as many as this process may use.")
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "exact computes everything in f32; quantized rounds activations to int8, as the server does.",
            valueName: "precision"))
    var precision: Precision = .quantized

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads)")
        }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// Blocks while it reads the file.
    func measurement() throws -> (ModelMeasurement, GGUFFile) {
        guard FileManager.default.isReadableFile(atPath: model) else {
            throw Fail.with("error: no model at \(model)\n  hint: `make model` fetches a small one", exitCode: 66)
        }
        do {
            let file = try GGUFFile.open(path: model)
            return (try ModelMeasurement(model: Model(file), precision: precision, threads: threadCount), file)
        } catch {
            throw Fail.with("error: \(model): \(error)", exitCode: 65)
        }
    }
}

extension Precision: ExpressibleByArgument {}
