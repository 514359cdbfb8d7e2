import Checkpoints

extension ModelConfiguration {
    /// The architectures whose gradients are written.
    private static let trained = ["llama", "qwen2", "qwen3"]

    /// Refuses a model that would be trained wrongly: the layers here are those of the plain decoder.
    /// - Throws: `TrainingError.badSetting`.
    package func requireTrained() throws(TrainingError) {
        if experts != nil { throw .ofExperts(self) }
        let wanted = "one of " + Self.trained.joined(separator: ", ")
        guard Self.trained.contains(architecture) else {
            throw .badSetting(field: "the base model's architecture", found: architecture, wanted: wanted)
        }
        guard variant == DecoderVariant() else {
            throw .badSetting(
                field: "the base model's attention", found: "windows of positions",
                wanted: "\(wanted), whose layers see everything")
        }
    }
}
