import Foundation
import LlamaEngine
import ModelFixtures
import Parallel
import Testing

@testable import LlamaTraining

/// Gradients and steps of whole models beside those of torch (Scripts/reference/make_tiny_training.py).
@Suite("Training beside torch", .offPool)
struct TorchTests {
    private struct Reference: Decodable {
        struct Gradients: Decodable {
            struct Tensor: Decodable {
                let norm: Double
                let sample: [Float]
            }
            let loss: Double
            let tensors: [String: Tensor]
        }
        struct Steps: Decodable {
            let rate: Double
            let decay: Double
            let losses: [Double]
            let values: [String: [Float]]
        }
        let gradients: [String: Gradients]
        let optimisers: [String: Steps]
    }

    private let reference: Reference

    init() throws { reference = try ReferenceRun.json("tiny.json", Reference.self) }

    private static func settings(_ change: (inout TrainingSettings) -> Void) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.algorithm = .full
        settings.shufflesRows = false
        settings.clipNorm = 0
        settings.epochs = 3
        settings.warmupRatio = 0
        change(&settings)
        return settings
    }

    private static func trainer(_ model: String, _ settings: TrainingSettings) throws -> Trainer {
        try Trainer(
            base: TinyModel.load(model), settings: settings, data: .rows(TinyModel.rows([12, 9, 17])),
            pool: ThreadPool(threads: 2))
    }

    /// `model.layers.0.self_attn.q_proj.weight` as a trainer calls it.
    private static func name(_ torch: String) -> String {
        let renamed = [
            "embed_tokens": "embedding", "input_layernorm": "attention_norm",
            "post_attention_layernorm": "feed_forward_norm",
        ]
        return torch.split(separator: ".").filter { !["model", "self_attn", "mlp"].contains($0) }
            .map { renamed[String($0)] ?? String($0) }.joined(separator: ".")
    }

    private static func sample(_ numbers: [Float]) -> [Float] { (0..<4).map { numbers[$0 * (numbers.count - 1) / 3] } }

    @Test("gradients of every tensor are torch's", arguments: ["llama", "llama31", "qwen2", "qwen3"])
    func gradients(model: String) throws {
        let wanted = try #require(reference.gradients[model])
        let trainer = try Self.trainer(model, Self.settings { $0.learningRate = 1e-9 })
        let report = try trainer.advance()
        #expect(abs(Double(report.loss) / wanted.loss - 1) < 1e-6)
        #expect(trainer.decoder.parameters.count == wanted.tensors.count)
        var largest = 0.0
        for (torch, tensor) in wanted.tensors {
            let parameter = try #require(
                trainer.decoder.parameters.first { $0.name == Self.name(torch) }, "\(torch)")
            let gradient = Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
            let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            // A key's bias moves all scores of a query by the same: its gradient is 0 but for rounding.
            guard tensor.norm > 1e-4 else { continue }
            largest = max(largest, abs(norm / tensor.norm - 1))
            #expect(abs(norm / tensor.norm - 1) < 1e-5, "\(torch)")
            let size = Float(tensor.norm / Double(parameter.count).squareRoot())
            for (found, value) in zip(Self.sample(gradient), tensor.sample) {
                #expect(abs(found - value) < 1e-5 * max(size, abs(value)) * 10, "\(torch)")
            }
        }
        print("\(model): largest difference of a gradient's norm from torch's \(largest) of it")
    }

    @Test("three steps of each optimiser are torch's", arguments: TrainingSettings.Optimiser.allCases)
    func optimisers(kind: TrainingSettings.Optimiser) throws {
        let wanted = try #require(reference.optimisers[kind.rawValue])
        let settings = Self.settings {
            $0.optimiser = kind
            $0.learningRate = wanted.rate
            $0.learningRateMin = wanted.rate
            $0.weightDecay = wanted.decay
        }
        let trainer = try Self.trainer("llama31", settings)
        for loss in wanted.losses {
            let found = try trainer.advance().loss
            // Adam's first steps are nearly signs, rounding's signs among them.
            #expect(abs(Double(found) / loss - 1) < (kind == .sgd ? 1e-5 : 1e-3))
        }
        for (torch, values) in wanted.values {
            let parameter = try #require(trainer.decoder.parameters.first { $0.name == Self.name(torch) })
            for (found, value) in zip(Self.sample(parameter.released(parameter.values)), values) {
                // Adam divides by a root of what may be rounding alone.
                #expect(abs(found - value) < 0.02 * Float(wanted.rate) + 1e-5 * abs(value), "\(torch)")
            }
        }
    }
}
