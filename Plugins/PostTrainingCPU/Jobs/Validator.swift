import Foundation
import LlamaTraining

/// The loss on rows that are not trained on.
struct Validator {
    private let data: TrainingData
    private let trainer: Trainer
    private let preference: PreferenceSettings?
    private let signal: JobSignal
    /// Log-probabilities of each pair's answers by the numbers that training starts from: chosen, rejected.
    private var references: [(chosen: Double, rejected: Double)] = []

    /// Make it before numbers are restored: the trainer as it is made is the reference.
    init(_ data: TrainingData, _ trainer: Trainer, _ settings: TrainingSettings, _ signal: JobSignal) throws {
        (self.data, self.trainer, self.signal) = (data, trainer, signal)
        preference = settings.preference
        if case .pairs(let pairs) = data { references = try pairs.map { try probabilities($0) } }
    }

    /// The rows, unless they are pairs; nil where there are none.
    var rows: [TrainingRow]? {
        guard case .rows(let rows) = data, !rows.isEmpty else { return nil }
        return rows
    }

    /// The mean over all tokens that carry loss; of pairs over pairs, with the share that is the right way round. nil
    /// without rows.
    func loss() throws -> (loss: Double, accuracy: Double?)? {
        guard data.count > 0 else { return nil }
        switch data {
        case .rows(let rows):
            let loss = try trainer.validationLoss(rows) { signal.isSet }
            return (Double(loss), nil)
        case .pairs(let pairs):
            guard let preference else { return nil }
            var (sum, right) = (0.0, 0)
            for (pair, reference) in zip(pairs, references) {
                let now = try probabilities(pair)
                let (chosen, rejected) = (now.chosen - reference.chosen, now.rejected - reference.rejected)
                sum += Self.loss(Double(preference.rewardScale) * (chosen - rejected), preference)
                if chosen > rejected { right += 1 }
            }
            return (sum / Double(pairs.count), Double(right) / Double(pairs.count))
        }
    }

    /// Conservative DPO of the clipped difference less the margin.
    static func loss(_ difference: Double, _ settings: PreferenceSettings) -> Double {
        let clip = Double(settings.rewardClip)
        let clipped = clip > 0 ? max(-clip, min(clip, difference)) : difference
        let u = clipped - Double(settings.gamma)
        let epsilon = Double(settings.epsilon)
        return (1 - epsilon) * softplus(-u) + epsilon * softplus(u)
    }

    /// log(1 + e^x), without overflow.
    private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    private func probabilities(_ pair: PreferencePair) throws -> (chosen: Double, rejected: Double) {
        (try probability(pair.chosen, after: pair.prompt), try probability(pair.rejected, after: pair.prompt))
    }

    /// The log-probability of an answer, over all its tokens.
    private func probability(_ answer: [Int32], after prompt: [Int32]) throws -> Double {
        let row = TrainingRow(
            tokens: prompt + answer,
            hasLoss: [Bool](repeating: false, count: prompt.count) + [Bool](repeating: true, count: answer.count))
        let mean = try trainer.validationLoss([row]) { signal.isSet }
        return -Double(mean) * Double(answer.count)
    }
}
