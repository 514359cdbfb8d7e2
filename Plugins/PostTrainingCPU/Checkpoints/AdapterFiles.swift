import Checkpoints
import LlamaEngine
import LlamaTraining
import ProviderKit

/// The files of a checkpoint that others read, as PEFT has them.
enum AdapterFiles {
    static func write(
        _ trainer: Trainer, _ settings: TrainingSettings, _ base: ModelCheckpoint, to folder: String
    ) throws {
        var changes: [Adapter.Place: Adapter.Change] = [:]
        for change in trainer.changes {
            guard let target = AdapterTarget(rawValue: change.module.rawValue) else { continue }
            changes[Adapter.Place(layer: change.layer, target: target)] = Adapter.Change(
                rank: change.rank, scale: change.scale, a: change.a, b: change.b, magnitude: change.magnitude)
        }
        try PEFTFolder.write(
            changes, PEFTFolder.Settings(alpha: Double(settings.alpha), base: base.path),
            layers: base.configuration.layers, to: folder)
    }
}
