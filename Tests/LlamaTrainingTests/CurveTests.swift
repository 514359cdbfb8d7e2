import LlamaEngine
import LlamaTraining
import ModelFixtures
import Parallel
import Testing

/// Losses of the real model beside those of torch and PEFT.
@Suite("Training beside PEFT", .offPool)
struct CurveTests {
    /// torch on two threads differs from torch on one by 1.2e-4.
    private static let tolerance = 1e-3

    private static let model = "SmolLM2-135M-Instruct.Q4_1.gguf"

    @Test(
        "losses, margins and rates follow those of PEFT",
        .enabled(if: Fixture.model(model) != nil, "`make model` fetches it"),
        arguments: ["lora", "dora", "qlora", "dpo"])
    func curve(kind: String) throws {
        let path = try #require(Fixture.model(Self.model))
        let run = try ReferenceRun(kind)
        let trainer = try Trainer(
            base: Model(path: path), settings: run.settings, data: run.data, pool: ThreadPool(threads: 2))
        #expect(trainer.steps == run.settings.iterations)
        var (loss, norm, margin) = (0.0, 0.0, 0.0)
        for wanted in run.curve.curve.prefix(run.compared) {
            let report = try trainer.advance()
            loss = max(loss, abs(Double(report.loss) - wanted.loss))
            norm = max(norm, abs(Double(report.gradientNorm) / wanted.grad_norm - 1))
            if let found = report.preference { margin = max(margin, abs(Double(found.margin) - (wanted.margin ?? 0))) }
            #expect(abs(report.learningRate - wanted.lr) < 1e-12)
        }
        print(
            "\(kind), \(run.compared) steps: largest difference of the loss \(loss), of the margin \(margin), "
                + "of the gradient's norm \(norm) of it")
        #expect(loss < Self.tolerance)
        #expect(margin < Self.tolerance)
        #expect(norm < 1e-2)
    }

    /// The loss of eight rows would not do: the rounding of activations alone moves it by up to 0.7 %, up or down.
    @Test(
        "training with a quantized forward ends with the validation loss of f32, within 1 %",
        .enabled(if: Fixture.model(model) != nil, "`make model` fetches it"),
        arguments: ReferenceRun.isWhole ? [0, 1, 2] : [0])
    func quantized(seed: UInt64) throws {
        let path = try #require(Fixture.model(Self.model))
        let rows = try RoutingRows(model: path)
        let heldOut = ReferenceRun.isWhole ? rows.heldOut : stride(from: 0, to: 96, by: 4).map { rows.heldOut[$0] }
        let pool = try ThreadPool(threads: 2)
        var losses: [Precision: Double] = [:]
        for precision in [Precision.exact, .quantized] {
            var settings = TrainingSettings()
            settings.precision = precision
            settings.seed = seed
            settings.learningRate = 2e-4
            (settings.iterations, settings.epochs) = (ReferenceRun.isWhole ? 300 : 8, 300)
            let trainer = try Trainer(
                base: Model(path: path), settings: settings, data: .rows(rows.trained), pool: pool)
            let before = try trainer.validationLoss(heldOut)
            while trainer.step < trainer.steps { _ = try trainer.advance() }
            let loss = try trainer.validationLoss(heldOut)
            #expect(loss < before)
            print("\(precision), seed \(seed), \(trainer.steps) steps: validation loss \(before), then \(loss)")
            losses[precision] = Double(loss)
        }
        let (exact, quantized) = (try #require(losses[.exact]), try #require(losses[.quantized]))
        #expect(abs(quantized / exact - 1) < 0.01)
    }
}
