import ArgumentParser
import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchEmbeddings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embeddings",
        abstract: "How many texts a second an embedding model turns into vectors.",
        discussion: """
            Cuts texts into tokens and embeds them, batch after batch, and reports the median of several rounds, with \
            the slowest and the fastest. Scripts/bench-embeddings.py measures sentence-transformers beside it.

              llama-stack-bench embeddings models/all-MiniLM-L6-v2 --threads 2
            """)

    @Argument(help: "The model: a folder with config.json and model.safetensors.", completion: .directory)
    var model: String
    @Option(help: "Threads; by default as many as this process may use.") var threads: Int?
    @Option(
        help: ArgumentHelp("exact computes everything in f32; quantized in int8.", valueName: "precision"))
    var precision: Precision = .quantized
    @Option(help: "Tokens of each text.") var tokens = 128
    @Option(help: "Texts of a batch.") var batch = 32
    @Option(help: "Rounds; the first is not counted.") var rounds = 6
    @Flag(help: "Print a JSON object.") var json = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads)")
        }
        guard (2...1000).contains(rounds) else { throw ValidationError("--rounds must be 2 to 1000, got \(rounds)") }
        guard (3...100_000).contains(tokens) else {
            throw ValidationError("--tokens must be 3 to 100000, got \(tokens)")
        }
        guard (1...100_000).contains(batch) else { throw ValidationError("--batch must be 1 to 100000, got \(batch)") }
    }

    func run() async throws {
        let (rates, count, load) = try await OwnThread.run { try measure() }
        if json {
            Output.json([
                "texts_per_second": rates.json, "tokens": .integer(Int64(count)), "load_milliseconds": .number(load),
            ])
        } else {
            Output.write(
                Table.text([
                    ["", "median", "slowest", "fastest", "texts/s"],
                    ["\(batch) texts of \(count) tokens"] + rates.cells,
                ]))
        }
    }

    private func measure() throws -> (rates: Spread, tokens: Int, loadMilliseconds: Double) {
        try BenchModel.checkInstructionSet()
        let engine: EmbeddingEngine
        let start = ContinuousClock.now
        do {
            let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
            let model = try EncoderModel(folder: EncoderFolder(path: model), precision: precision, threads: threads)
            engine = try EmbeddingEngine(model: model, threads: threads)
        } catch {
            throw Fail.with("error: \(error)\n  hint: `make embedding-model` fetches a small one", exitCode: 65)
        }
        let load = (ContinuousClock.now - start) / .milliseconds(1)
        let texts = Self.texts(batch, tokens: min(tokens, engine.model.configuration.tokensMax))
        let progress = Progress()
        var rates: [Double] = []
        var count = 0
        for round in 0..<rounds {
            progress.show("round \(round + 1) of \(rounds)")
            let start = ContinuousClock.now
            let sequences = texts.map { engine.tokens(of: $0).tokens }
            for pass in EmbeddingEngine.passes(sequences.map(\.count)) { _ = try engine.embed(sequences[pass]) }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            count = sequences[0].count
            if round > 0 { rates.append(Double(batch) / seconds) }
        }
        progress.clear()
        return (Spread(rates), count, load)
    }

    /// Texts of common words, each one token of an English vocabulary and each text another.
    private static func texts(_ count: Int, tokens: Int) -> [String] {
        let words = [
            "the", "sea", "is", "a", "large", "body", "of", "salt", "water", "that", "covers", "most", "earth",
        ]
        return (0..<count).map { text in
            (0..<max(1, tokens - 2)).map { words[($0 + text) % words.count] }.joined(separator: " ")
        }
    }
}
