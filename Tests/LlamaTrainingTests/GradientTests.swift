import CKernels
import LlamaEngine
import ModelFixtures
import Parallel
import Testing

@testable import LlamaTraining

/// Gradients of whole models: along each, the loss rises as the gradient says.
@Suite("Gradients of the decoder", .offPool)
struct GradientTests {
    private static let all = TrainedModule.allCases

    /// DoRA takes its norm for a constant, so its gradient is not quite the loss's.
    @Test(
        "the loss rises along each parameter's gradient as its norm says",
        arguments: ["llama", "qwen2", "qwen3", "type-Q3_K"],
        [TrainingSettings.Algorithm.lora, .dora, .full])
    func directions(name: String, algorithm: TrainingSettings.Algorithm) throws {
        var settings = TrainingSettings()
        settings.algorithm = algorithm
        settings.modules = Self.all
        settings.rank = 4
        settings.alpha = 8
        settings.learningRate = 1e-9
        let rows = TinyModel.rows([12, 9, 17])
        let model = try TinyModel.load(name)
        let pool = try ThreadPool(threads: 2)
        let trainer: Trainer
        if algorithm == .full {
            trainer = try Trainer(base: model, settings: settings, data: .rows(rows), pool: pool)
        } else {
            let fresh = try Trainer(base: model, settings: settings, data: .rows(rows), pool: pool)
            trainer = try Trainer(
                base: model, settings: settings, data: .rows(rows), pool: pool, start: TinyModel.start(fresh))
        }
        _ = try trainer.advance()
        for parameter in trainer.decoder.parameters {
            let gradient = Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
            let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard norm > 1e-6 else { continue }
            let values = parameter.released(parameter.values)
            let size = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let length = max(1e-3, (algorithm == .full ? 4e-4 : 2e-3) * size)
            // Two lengths, so that the error is of the fourth order: the loss is far from straight.
            func loss(_ steps: Float) throws -> Double {
                let step = steps * Float(length / norm)
                parameter.fill(parameter.values, from: zip(values, gradient).map { $0 + step * $1 })
                return try Double(trainer.validationLoss(rows))
            }
            let slope = (try 8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * length)
            parameter.fill(parameter.values, from: values)
            #expect(
                abs(slope / norm - 1) < (algorithm == .dora ? 0.1 : 0.01) + 2e-6 / (norm * length),
                "\(parameter.name): slope \(slope), norm \(norm)")
        }
    }
}
