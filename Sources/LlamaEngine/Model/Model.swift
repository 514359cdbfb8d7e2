/// A checkpoint ready to run: its dimensions, and its weights where they lie in the mapped file. Immutable; any thread.
package final class Model: Sendable {
    package let configuration: ModelConfiguration
    let weights: DecoderWeights
    /// Keep the memory that `weights` point into.
    private let file: MappedFile
    private let arena: WeightArena

    /// Opens a GGUF file.
    /// - Throws: `CheckpointError`, as `init(_:)` does.
    package convenience init(path: String) throws {
        let file = try GGUFFile.open(path: path)
        try self.init(file)
        file.willNeedWeights()
    }

    /// Reads dimensions and finds every weight; decodes none but the norms and biases.
    /// - Throws: `CheckpointError` when the architecture is unknown, a key or tensor is missing, or sizes disagree.
    package init(_ file: GGUFFile) throws {
        let metadata = ModelMetadata(file)
        let family = try metadata.family()
        var configuration = try metadata.configuration(of: family)
        let arena = WeightArena()
        weights = try WeightLoader(file: file, family: family, arena: arena).load(&configuration)
        self.configuration = configuration
        self.file = file.file
        self.arena = arena
    }
}
