import ArgumentParser
import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI
import LlamaTraining
import Parallel

struct BenchTrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "How fast a step of training is, and what memory it takes.",
        discussion: """
            Trains on random tokens, all of which carry loss, and reports the median of several steps, with the slowest \
            and the fastest. A second of processor time is one of one thread: compare it where the machine is busy. \
            Scripts/bench-train.py measures PEFT and TRL beside it.

              llama-stack-bench train models/SmolLM2-135M-Instruct.Q4_1.gguf --method lora --batch 4 --tokens 256
            """)

    enum Method: String, ExpressibleByArgument, CaseIterable {
        case lora, qlora, dora, full, dpo

        var algorithm: TrainingSettings.Algorithm {
            TrainingSettings.Algorithm(rawValue: rawValue) ?? .lora
        }
    }

    @Argument(help: "The model: a GGUF file, or a model's folder.", completion: .file())
    var model: String
    @Option(help: "Threads; by default as many as this process may use.") var threads: Int?
    @Option(help: "How it is trained: \(Method.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method = Method.lora
    @Option(help: "The products that get a low-rank change, with commas between them.") var modules = "q_proj,v_proj"
    @Option(help: "Rank of the change.") var rank = 8
    @Option(help: "Examples of a step.") var batch = 4
    @Option(help: "Tokens of each example.") var tokens = 256
    @Option(help: "Tokens of a pair's prompt; dpo.") var prompt = 128
    @Option(help: "Steps that are measured, after two that are not.") var steps = 5
    @Option(
        help: ArgumentHelp(
            "exact computes everything in f32; quantized goes forward in 16 bits.", valueName: "precision"))
    var precision: Precision = .exact
    @Flag(help: "Keep each layer's input alone, and compute the layer again on the way back.") var checkpointing = false
    @Flag(help: "Print a JSON object.") var json = false

    private static let warmup = 2

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads)")
        }
        for (name, value, range) in [
            ("rank", rank, 1...1024), ("batch", batch, 1...100_000), ("tokens", tokens, 2...1_000_000),
            ("steps", steps, 1...10_000), ("prompt", prompt, 1...max(1, tokens - 1)),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound), got \(value)")
        }
    }

    func run() async throws {
        let measured = try await OwnThread.run { try measure() }
        let mebibytes = Double(ProcessMemory.peakBytes) / 1_048_576
        if json {
            Output.json([
                "method": .string(method.rawValue), "tokens_per_second": measured.rates.json,
                "tokens_per_processor_second": measured.processorRates.json, "peak_mib": .number(mebibytes.rounded()),
                "parameters": .integer(Int64(measured.parameters)), "step_tokens": .integer(Int64(measured.tokens)),
                "loss": .number(Double(measured.loss)),
            ])
        } else {
            Output.write(
                Table.text([
                    ["", "median", "slowest", "fastest", ""],
                    ["\(method.rawValue), \(batch) × \(tokens) tokens"] + measured.rates.cells + ["tokens/s"],
                    ["of one thread"] + measured.processorRates.cells + ["tokens/processor second"],
                    ["most memory", String(format: "%.0f", mebibytes), "", "", "MiB"],
                ]))
        }
    }

    private struct Measured {
        var rates: Spread
        var processorRates: Spread
        var parameters: Int
        /// The tokens that a step counts: a pair's prompt twice, as trainers that repeat it do.
        var tokens: Int
        var loss: Float
    }

    private func measure() throws -> Measured {
        let (base, _) = try BenchModel.load(model)
        let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let trainer: Trainer
        do {
            trainer = try Trainer(
                base: base, settings: try settings(), data: data(vocabulary: base.configuration.vocabulary),
                pool: ThreadPool(threads: threads))
        } catch let error as TrainingError {
            throw Fail.with("error: \(error)", exitCode: 65)
        }
        let counted = batch * tokens * (method == .dpo ? 2 : 1)
        let progress = Progress()
        var (rates, processorRates): ([Double], [Double]) = ([], [])
        var loss: Float = 0
        for step in 0..<Self.warmup + steps {
            progress.show("step \(step + 1) of \(Self.warmup + steps)")
            let (start, processor) = (ContinuousClock.now, clock())
            loss = try trainer.advance().loss
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let used = Double(clock() - processor) / Double(CLOCKS_PER_SEC)
            guard step >= Self.warmup else { continue }
            rates.append(Double(counted) / seconds)
            processorRates.append(Double(counted) / used)
        }
        progress.clear()
        return Measured(
            rates: Spread(rates), processorRates: Spread(processorRates), parameters: trainer.parameters,
            tokens: counted, loss: loss)
    }

    private func settings() throws -> TrainingSettings {
        var settings = TrainingSettings()
        settings.algorithm = method.algorithm
        settings.modules = try modules.split(separator: ",").map { name in
            guard let module = TrainedModule(rawValue: String(name)) else {
                let known = TrainedModule.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fail.with("error: --modules: '\(name)' is none of \(known)", exitCode: 64)
            }
            return module
        }
        settings.rank = rank
        settings.alpha = Float(2 * rank)
        settings.batchSize = batch
        settings.epochs = Self.warmup + steps
        settings.learningRate = 1e-4
        settings.precision = precision
        settings.checkpointsActivations = checkpointing
        settings.preference = method == .dpo ? PreferenceSettings() : nil
        return settings
    }

    private func data(vocabulary: Int) -> TrainingData {
        var random = SplitMix64(seed: 1)
        func ids(_ count: Int) -> [Int32] {
            (0..<count).map { _ in Int32(random.nextUnit() * Double(vocabulary)) }
        }
        if method == .dpo {
            let answer = tokens - prompt
            return .pairs(
                (0..<batch).map { _ in
                    PreferencePair(prompt: ids(prompt), chosen: ids(answer), rejected: ids(answer))
                })
        }
        let marks = [Bool](repeating: true, count: tokens)
        return .rows((0..<batch).map { _ in TrainingRow(tokens: ids(tokens), hasLoss: marks) })
    }
}
