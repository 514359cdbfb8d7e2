import LlamaTraining
import ProviderKit

/// The files of a checkpoint that others read: an adapter's, or a whole model's.
enum TrainedFiles {
    static func write(
        _ trainer: Trainer, _ settings: TrainingSettings, base: String, to folder: String
    ) throws {
        guard settings.algorithm != .full else {
            throw JobFault("whole models can't be written yet")
        }
        try AdapterFiles.write(trainer.changes, settings, base: base, to: folder)
    }

    /// Where the model of a `full` checkpoint is.
    static func modelPath(in folder: String) -> String { folder }
}
