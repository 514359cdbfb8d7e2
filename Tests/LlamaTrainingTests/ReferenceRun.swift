import Foundation
import LlamaEngine
import LlamaTraining
import ModelFixtures
import Parallel

/// A run that torch and PEFT made: its data, its settings, its losses. `Tests/Fixtures/training/README.md` has the
/// recipe.
struct ReferenceRun {
    struct Step: Decodable {
        let loss: Double
        let grad_norm: Double
        let lr: Double
        let margin: Double?
    }

    struct Curve: Decodable {
        let curve: [Step]
        let final_norms: [String: Double]
    }

    private struct Masked: Decodable {
        let ids: [Int32]
        let mask: String

        var row: TrainingRow { TrainingRow(tokens: ids, hasLoss: mask.map { $0 == "1" }) }
        /// The tokens before the answer, and the answer.
        var parts: (prompt: [Int32], answer: [Int32]) {
            let marks = Array(mask)
            let first = marks.firstIndex(of: "1") ?? 0
            let last = marks.lastIndex(of: "1") ?? 0
            return (Array(ids[..<first]), Array(ids[first...last]))
        }
    }

    private struct Rows: Decodable { let rows: [Masked] }
    private struct Pairs: Decodable {
        struct Pair: Decodable { let chosen, rejected: Masked }
        let rows: [Pair]
    }

    let curve: Curve
    let data: TrainingData
    let settings: TrainingSettings

    static func json<T: Decodable>(_ name: String, _ type: T.Type) throws -> T {
        let file = Fixture.repository.appending(path: "Tests/Fixtures/training/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }

    init(_ kind: String) throws {
        curve = try Self.json("\(kind)-f32-1t.json", Curve.self)
        var settings = TrainingSettings()
        settings.learningRate = 1e-3
        settings.learningRateMin = 1e-5
        settings.weightDecay = 0.01
        settings.shufflesRows = false
        settings.epochs = 5
        // The first five of 20 steps were kept of QLoRA.
        settings.iterations = kind == "qlora" ? 20 : curve.curve.count
        settings.warmupRatio = 5 / Double(settings.iterations)
        settings.algorithm = TrainingSettings.Algorithm(rawValue: kind) ?? .lora
        if kind == "dpo" {
            settings.learningRate = 2e-4
            settings.batchSize = 2
            settings.preference = PreferenceSettings()
            data = .pairs(
                try Self.json("dpo.json", Pairs.self).rows.map { pair in
                    let (prompt, chosen) = pair.chosen.parts
                    return PreferencePair(prompt: prompt, chosen: chosen, rejected: pair.rejected.parts.answer)
                })
        } else {
            data = .rows(try Self.json("sft.json", Rows.self).rows.map(\.row))
        }
        self.settings = settings
    }

    /// Whether tests take all steps: `TRAINING_STEPS=all`.
    static let isWhole = ProcessInfo.processInfo.environment["TRAINING_STEPS"] == "all"

    /// Steps that tests compare: five, or all.
    var compared: Int { Self.isWhole ? curve.curve.count : min(5, curve.curve.count) }
}
