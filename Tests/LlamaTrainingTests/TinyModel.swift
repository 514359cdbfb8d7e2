import Foundation
import LlamaEngine
import LlamaTraining
import ModelFixtures

/// The small models of Tests/Fixtures/models, and rows for them.
enum TinyModel {
    static func load(_ name: String) throws -> Model {
        try Model(path: Fixture.repository.appending(path: "Tests/Fixtures/models/\(name).gguf").path)
    }

    /// Rows of different lengths whose second halves carry loss.
    static func rows(_ lengths: [Int], vocabulary: Int = 320, seed: UInt64 = 1) -> [TrainingRow] {
        var random = SplitMix64(seed: seed)
        return lengths.map { length in
            TrainingRow(
                tokens: (0..<length).map { _ in Int32(random.nextUnit() * Double(vocabulary)) },
                hasLoss: (0..<length).map { $0 >= length / 2 })
        }
    }

    /// An adapter whose B is not 0, so that every gradient is there.
    static func start(_ trainer: Trainer, seed: UInt64 = 7) -> [TrainedChange] {
        var random = SplitMix64(seed: seed)
        return trainer.changes.map { change in
            var change = change
            for index in change.b.indices { change.b[index] = Float(random.nextUnit() - 0.5) * 0.05 }
            return change
        }
    }
}
