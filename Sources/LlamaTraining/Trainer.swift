import Checkpoints
import LlamaEngine
import Parallel

/// Trains a model, step by step. The numbers of a run are a function of base, data and settings: the same to the bit at
/// any number of threads with the engine's own kernels, and whether it was interrupted or not.
///
/// One thread at a time. The base is used, not changed; its memory must not be needed for anything else that is not
/// shared (`Model` is immutable).
package final class Trainer {
    package let settings: TrainingSettings
    /// Steps of the whole run.
    package let steps: Int
    /// Steps done.
    package private(set) var step = 0
    /// Numbers that are trained.
    package var parameters: Int { decoder.parameters.reduce(0) { $0 + $1.count } }

    let base: Model
    let data: TrainingData
    let decoder: TrainedDecoder
    private let bench: Workbench
    var pool: ThreadPool { bench.pool }
    private let optimiser: UpdateRule
    private let rate: LearningRate
    private var order: RowOrder
    /// Log-probabilities of each pair's answers, chosen and rejected, before the first step.
    var references: [Float]?
    /// The error after which there is no going on.
    private var failure: TrainingError?

    /// - Parameters:
    ///   - base: read for `Precision.exact`.
    ///   - pool: used by this trainer alone while it computes.
    ///   - start: the numbers of an adapter to go on from; nil: A by the seed, B = 0. All of the settings' modules and
    ///     no others, with their rank.
    /// - Throws: `TrainingError`.
    package init(
        base: Model, settings: TrainingSettings, data: TrainingData, pool: ThreadPool,
        start: [TrainedChange]? = nil
    ) throws(TrainingError) {
        try settings.check(isPreference: data.isPreference)
        let configuration = base.configuration
        try configuration.requireTrained()
        try data.check(vocabulary: configuration.vocabulary, contextTokens: configuration.contextTokens)
        (self.base, self.settings, self.data) = (base, settings, data)
        bench = try Workbench(
            pool: pool, headDimension: configuration.headDimension, backwardScratch: base.weights.backwardScratch)
        let weights = try TrainedWeights(base, settings: settings, bench: bench)
        decoder = try TrainedDecoder(weights, configuration, settings: settings, bench: bench)
        optimiser = UpdateRule(settings)
        order = RowOrder(rows: data.count, settings: settings)
        steps = LearningRate.steps(settings, stepsPerEpoch: order.stepsPerEpoch)
        rate = LearningRate(steps: steps, settings: settings)
        if let start { try begin(from: start) }
    }

    /// Takes the next step; `step` must be below `steps`.
    /// - Parameter isCancelled: asked between layers.
    /// - Throws: `cancelled`, after which the step can be taken again; anything else ends the run.
    package func advance(isCancelled: () -> Bool = { false }) throws(TrainingError) -> StepReport {
        precondition(step < steps, "the run is over")
        if let failure { throw failure }
        do {
            return try takeStep(isCancelled: isCancelled)
        } catch .cancelled {
            throw TrainingError.cancelled
        } catch {
            failure = error
            throw error
        }
    }

    private func takeStep(isCancelled: () -> Bool) throws(TrainingError) -> StepReport {
        let examples = Array(order.rows(of: step))
        if data.isPreference && references == nil { references = try makeReferences(isCancelled: isCancelled) }
        for parameter in decoder.parameters { parameter.clearGradient() }
        try decoder.prepare()
        var report = StepReport(
            step: step + 1, steps: steps, loss: 0, lossTokens: 0, tokens: 0, gradientNorm: 0,
            learningRate: rate.value(step))
        try computeGradients(of: examples, &report, isCancelled: isCancelled)
        let norm = UpdateRule.norm(decoder.parameters, pool: bench.pool)
        report.gradientNorm = Float(norm)
        try check(report.loss.isFinite, "the loss", examples)
        try check(norm.isFinite, "the gradient's norm", examples)
        // As torch's clip_grad_norm_ has it.
        let factor = settings.clipNorm > 0 ? min(1, settings.clipNorm / (norm + 1e-6)) : 1
        optimiser.update(
            decoder.parameters, step: step + 1, rate: report.learningRate, factor: Float(factor), pool: bench.pool)
        try check(UpdateRule.areFinite(decoder.parameters, pool: bench.pool), "a parameter", examples)
        step += 1
        return report
    }

    private func check(_ isFinite: Bool, _ quantity: String, _ examples: [Int]) throws(TrainingError) {
        guard !isFinite else { return }
        throw TrainingError.notFinite(step: step + 1, quantity: quantity, rows: examples)
    }

    private func computeGradients(
        of examples: [Int], _ report: inout StepReport, isCancelled: () -> Bool
    ) throws(TrainingError) {
        let packs = Pack.packs(of: examples, in: data, tokensMax: settings.tokensPerPassMax)
        report.lossTokens = packs.reduce(0) { $0 + $1.targets.count }
        report.tokens = packs.reduce(0) { $0 + $1.tokens.count }
        let share = 1 / Float(report.lossTokens)
        var loss = 0.0
        var preference = PreferenceSums()
        for pack in packs {
            let targetWeights: TargetWeights =
                if data.isPreference {
                    .ofLosses { self.weights(of: pack, $0, pairs: examples.count, &preference) }
                } else {
                    .equal(share)
                }
            let losses = try decoder.train(pack, targetWeights, isCancelled: isCancelled)
            loss += losses.reduce(0.0) { $0 + Double($1) }
        }
        if data.isPreference {
            report.loss = Float(preference.loss / Double(examples.count))
            report.preference = preference.report(pairs: examples.count)
        } else {
            report.loss = Float(loss / Double(report.lossTokens))
        }
    }

    /// The mean loss over all tokens of `rows` that carry loss, with the numbers as they are.
    package func validationLoss(
        _ rows: [TrainingRow], isCancelled: () -> Bool = { false }
    ) throws(TrainingError) -> Float {
        let data = TrainingData.rows(rows)
        let configuration = base.configuration
        try configuration.requireTrained()
        try data.check(vocabulary: configuration.vocabulary, contextTokens: configuration.contextTokens)
        try decoder.prepare()
        var sum = 0.0
        var count = 0
        for pack in Pack.packs(of: rows.indices, in: data, tokensMax: settings.tokensPerPassMax) {
            let losses = try decoder.losses(pack, isCancelled: isCancelled)
            sum += losses.reduce(0.0) { $0 + Double($1) }
            count += losses.count
        }
        return Float(sum / Double(count))
    }

    /// Goes on behind `step` steps, of which the numbers have been restored.
    func resume(at step: Int) {
        self.step = step
        failure = nil
    }
}

// MARK: - Preferences

extension Trainer {
    private struct PreferenceSums {
        var loss = 0.0
        var chosen = 0.0
        var rejected = 0.0
        var right = 0

        func report(pairs: Int) -> PreferenceReport {
            let count = Double(pairs)
            return PreferenceReport(
                chosen: Float(chosen / count), rejected: Float(rejected / count),
                margin: Float((chosen - rejected) / count), accuracy: Float(Double(right) / count))
        }
    }

    /// Log-probabilities of all answers by the numbers as they are, two for each pair. A pair's are the same to the bit
    /// whatever it is packed with, so the first step's loss is that of equal models.
    private func makeReferences(isCancelled: () -> Bool) throws(TrainingError) -> [Float] {
        try decoder.prepare()
        var references = [Float](repeating: 0, count: 2 * data.count)
        for pack in Pack.packs(of: 0..<data.count, in: data, tokensMax: settings.tokensPerPassMax) {
            let sums = Self.logProbabilities(pack, try decoder.losses(pack, isCancelled: isCancelled))
            for (text, sum) in sums.enumerated() { references[2 * pack.examples[text] + text % 2] = sum }
        }
        return references
    }

    /// The sum over all tokens of each text of a pack.
    private static func logProbabilities(_ pack: Pack, _ losses: [Float]) -> [Float] {
        var sums = [Double](repeating: 0, count: pack.examples.count)
        for (target, loss) in zip(pack.targets, losses) { sums[target.text] -= Double(loss) }
        return sums.map(Float.init)
    }

    /// The weight of each target's loss in the step's: minus the derivative by its log-probability.
    private func weights(of pack: Pack, _ losses: [Float], pairs: Int, _ sums: inout PreferenceSums) -> [Float] {
        guard let references, let preference = settings.preference else { return [] }
        let loss = PreferenceLoss(settings: preference)
        let scale = Double(preference.rewardScale)
        let logs = Self.logProbabilities(pack, losses)
        var weights = [Float](repeating: 0, count: logs.count)
        for text in stride(from: 0, to: logs.count, by: 2) {
            let place = 2 * pack.examples[text]
            let chosen = scale * Double(logs[text] - references[place])
            let rejected = scale * Double(logs[text + 1] - references[place + 1])
            let (value, slope) = loss.value(chosen - rejected)
            sums.loss += value
            sums.chosen += chosen
            sums.rejected += rejected
            sums.right += chosen > rejected ? 1 : 0
            weights[text] = Float(-slope * scale / Double(pairs))
            weights[text + 1] = -weights[text]
        }
        return pack.targets.map { weights[$0.text] }
    }
}
