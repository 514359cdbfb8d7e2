import LlamaEngine
import ModelFixtures
import Parallel
import Testing

@testable import LlamaTraining

/// How a run is computed does not change its numbers.
@Suite("The same numbers however they are computed", .offPool)
struct SameNumbersTests {
    private static let rows = TinyModel.rows([12, 9, 17, 30, 5, 22, 8, 14])

    private static func settings(_ algorithm: TrainingSettings.Algorithm) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.algorithm = algorithm
        settings.modules = TrainedModule.allCases
        settings.rank = 3
        settings.batchSize = 3
        settings.epochs = 2
        settings.learningRate = 1e-2
        settings.weightDecay = 0.1
        return settings
    }

    private static func trainer(
        _ settings: TrainingSettings, threads: Int = 2, model: String = "llama", data: TrainingData = .rows(rows)
    ) throws -> Trainer {
        try Trainer(
            base: TinyModel.load(model), settings: settings, data: data, pool: ThreadPool(threads: threads))
    }

    /// All numbers of a trainer.
    private static func state(_ trainer: Trainer) -> [String: [UInt32]] {
        var state: [String: [UInt32]] = [:]
        for tensor in trainer.state { state[tensor.name] = tensor.numbers().map(\.bitPattern) }
        return state
    }

    private static func run(_ trainer: Trainer, steps: Int = 4) throws -> (reports: [StepReport], [String: [UInt32]]) {
        let reports = try (0..<steps).map { _ in try trainer.advance() }
        return (reports, state(trainer))
    }

    private static let algorithms: [TrainingSettings.Algorithm] = [.lora, .dora, .full, .qlora]

    @Test("one, two and three threads give the same bits", arguments: algorithms)
    func threads(algorithm: TrainingSettings.Algorithm) throws {
        let settings = Self.settings(algorithm)
        let one = try Self.run(Self.trainer(settings, threads: 1, model: "qwen3"))
        for threads in 2...3 {
            let more = try Self.run(Self.trainer(settings, threads: threads, model: "qwen3"))
            #expect(more.reports == one.reports)
            #expect(more.1 == one.1)
        }
    }

    @Test("activations that are computed again give the same bits", arguments: algorithms)
    func checkpoints(algorithm: TrainingSettings.Algorithm) throws {
        var settings = Self.settings(algorithm)
        let plain = try Self.run(Self.trainer(settings))
        settings.checkpointsActivations = true
        let again = try Self.run(Self.trainer(settings))
        #expect(again.reports == plain.reports)
        #expect(again.1 == plain.1)
    }

    @Test("a run that is saved and restored ends at the same bits", arguments: algorithms)
    func restore(algorithm: TrainingSettings.Algorithm) throws {
        let settings = Self.settings(algorithm)
        let whole = try Self.trainer(settings)
        _ = try Self.run(whole, steps: 2)
        var saved: [String: [Float]] = [:]
        for tensor in whole.state {
            saved[tensor.name] = tensor.numbers()
            #expect(tensor.shape.reduce(1, *) == saved[tensor.name]?.count)
        }
        let resumed = try Self.trainer(settings)
        try resumed.restore(step: 2) { saved[$0] }
        let (first, second) = (try Self.run(whole, steps: 3), try Self.run(resumed, steps: 3))
        #expect(first.reports == second.reports)
        #expect(first.1 == second.1)
    }

    @Test("preferences are saved with what they are measured against")
    func restorePreferences() throws {
        var settings = Self.settings(.lora)
        settings.preference = PreferenceSettings()
        let whole = try Self.trainer(settings, data: .pairs(Self.pairs))
        _ = try Self.run(whole, steps: 2)
        var saved: [String: [Float]] = [:]
        for tensor in whole.state { saved[tensor.name] = tensor.numbers() }
        let resumed = try Self.trainer(settings, data: .pairs(Self.pairs))
        try resumed.restore(step: 2) { saved[$0] }
        let (first, second) = (try Self.run(whole, steps: 2), try Self.run(resumed, steps: 2))
        #expect(first.reports == second.reports)
        #expect(first.1 == second.1)
    }

    @Test("rows in one pack have the losses that each has alone, to the bit")
    func packs() throws {
        for model in ["llama", "qwen3"] {
            let trainer = try Self.trainer(Self.settings(.lora), model: model)
            let data = TrainingData.rows(Self.rows)
            let together = Pack.packs(of: Self.rows.indices, in: data, tokensMax: .max)
            #expect(together.count == 1)
            let losses = try trainer.decoder.losses(together[0]) { false }
            let alone = try Self.rows.indices.flatMap { index in
                try trainer.decoder.losses(Pack.packs(of: [index], in: data, tokensMax: 1)[0]) { false }
            }
            #expect(losses == alone)
        }
    }

    @Test("a step in several passes is the step in one but for rounding")
    func passes() throws {
        var settings = Self.settings(.lora)
        let whole = try Self.trainer(settings).advance()
        settings.tokensPerPassMax = 1
        let cut = try Self.trainer(settings).advance()
        #expect(cut.lossTokens == whole.lossTokens)
        #expect(abs(cut.loss - whole.loss) < 1e-6 * whole.loss)
        #expect(abs(cut.gradientNorm - whole.gradientNorm) < 1e-5 * whole.gradientNorm)
    }

    private static let pairs = (0..<6).map { index in
        let rows = TinyModel.rows([9 + index, 4 + index % 3, 6], seed: UInt64(index))
        return PreferencePair(prompt: rows[0].tokens, chosen: rows[1].tokens, rejected: rows[2].tokens)
    }

    @Test("a pair that shares its prompt has the log-probabilities of its two texts")
    func pairs() throws {
        for model in ["llama", "qwen3"] {
            var settings = Self.settings(.lora)
            settings.preference = PreferenceSettings()
            let trainer = try Self.trainer(settings, model: model, data: .pairs(Self.pairs))
            for pair in Self.pairs {
                let pack = Pack.packs(of: [0], in: .pairs([pair]), tokensMax: 1)[0]
                let losses = try trainer.decoder.losses(pack) { false }
                let texts = [pair.chosen, pair.rejected].map { answer in
                    TrainingRow(
                        tokens: pair.prompt + answer,
                        hasLoss: pair.prompt.map { _ in false } + answer.map { _ in true })
                }
                let alone = try texts.indices.flatMap { index in
                    try trainer.decoder.losses(Pack.packs(of: [index], in: .rows(texts), tokensMax: 1)[0]) { false }
                }
                #expect(losses.count == alone.count)
                #expect(zip(losses, alone).allSatisfy { abs($0 - $1) < 1e-5 * max(1, abs($1)) })
            }
        }
    }

    @Test("the first loss of preferences is ln 2, whatever the start")
    func firstPreference() throws {
        var settings = Self.settings(.lora)
        settings.preference = PreferenceSettings()
        let fresh = try Self.trainer(settings, data: .pairs(Self.pairs))
        let trained = try Trainer(
            base: TinyModel.load("llama"), settings: settings, data: .pairs(Self.pairs), pool: ThreadPool(threads: 2),
            start: TinyModel.start(fresh))
        for trainer in [fresh, trained] {
            let report = try trainer.advance()
            #expect(report.loss == 0.6931472)
            #expect(report.preference?.margin == 0)
        }
    }

    @Test("a cancelled step leaves the trainer as it was")
    func cancelled() throws {
        let settings = Self.settings(.lora)
        let (plain, stopped) = (try Self.trainer(settings), try Self.trainer(settings))
        _ = try plain.advance()
        _ = try stopped.advance()
        for stop in [1, 3, 5] {
            var asked = 0
            #expect(throws: TrainingError.cancelled) {
                try stopped.advance {
                    asked += 1
                    return asked == stop
                }
            }
        }
        #expect(try Self.run(plain, steps: 2).1 == Self.run(stopped, steps: 2).1)
    }

    @Test("a run that starts from what was learnt starts at its loss")
    func starts() throws {
        let settings = Self.settings(.lora)
        let trainer = try Self.trainer(settings)
        _ = try Self.run(trainer)
        let again = try Trainer(
            base: TinyModel.load("llama"), settings: settings, data: .rows(Self.rows), pool: ThreadPool(threads: 2),
            start: trainer.changes)
        #expect(again.changes == trainer.changes)
        #expect(try again.validationLoss(Self.rows) == trainer.validationLoss(Self.rows))
    }
}
