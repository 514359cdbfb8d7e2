import Checkpoints
import InferenceCPU
import LlamaTraining
import ProviderKit

/// The memory that a job takes, by formula, before it begins.
enum JobMemory {
    /// The base in its file's own type, and what a trainer holds beside it.
    static func bytes(_ base: ModelCheckpoint, _ settings: JobSettings, longestRow: Int, threads: Int) -> Int {
        let trainer = Trainer.memoryEstimate(
            base.configuration(), tiesHead: base.tiesHead ?? true, settings: settings.training, longestRow: longestRow,
            threads: threads)
        let (sum, overflow) = base.weightBytes.addingReportingOverflow(trainer)
        return overflow ? .max : sum
    }

    /// Throws for a job that this machine could not hold if it did nothing else.
    static func require(_ bytes: Int, of total: Int?) throws {
        guard let total, bytes > total else { return }
        throw ProviderError(
            .invalidRequest,
            "training_config: the job takes about \(mebibytes(bytes)) MiB and this server has \(mebibytes(total)): try "
                + "enable_activation_checkpointing, a smaller rank, fewer modules or a smaller row_tokens_max",
            field: "training_config")
    }

    static func mebibytes(_ bytes: Int) -> Int { bytes >> 20 }
}

extension ModelCheckpoint {
    /// The dimensions with the vocabulary, which the embedding's shape says.
    func configuration() -> ModelConfiguration {
        var configuration = configuration
        if configuration.vocabulary == 0 {
            configuration.vocabulary = tensors[names.embedding]?.shape.first ?? 0
        }
        return configuration
    }
}
