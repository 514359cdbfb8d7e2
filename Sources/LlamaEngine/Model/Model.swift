#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A checkpoint ready to run: its dimensions, and its weights packed for the kernels. Immutable; any thread.
package final class Model: Sendable {
    package let configuration: ModelConfiguration
    let weights: DecoderWeights
    /// Keep the memory that `weights` point into.
    private let arena: WeightArena
    private let panels: PanelArena
    /// Only where some weights stay in the file.
    private let file: MappedFile?

    /// Opens a GGUF file.
    /// - Throws: `CheckpointError`, as `init(_:)` does.
    package convenience init(path: String) throws {
        let file = try GGUFFile.open(path: path)
        file.willNeedWeights()
        try self.init(file)
    }

    /// Reads dimensions and weights. Weights are copied into the order in which products read them; unless some have a type
    /// without panels, the file is not used afterwards and its mapping goes away with `file`.
    /// - Parameters:
    ///   - threads: threads that copy; by default one for each processor.
    ///   - progress: hears from those threads, in no order, which share of the weights is there.
    /// - Throws: `CheckpointError` when the architecture is unknown, a key or tensor is missing, sizes disagree, or memory is
    ///   short.
    package init(_ file: GGUFFile, threads: Int? = nil, progress: (@Sendable (Double) -> Void)? = nil) throws {
        let metadata = ModelMetadata(file)
        let family = try metadata.family()
        var configuration = try metadata.configuration(of: family)
        let loader = try WeightLoader(file: file, family: family)
        weights = try loader.load(&configuration)
        // Without threads of its own the copy is slower, not wrong.
        let pool =
            try (try? ThreadPool(threads: threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))) ?? ThreadPool(threads: 1)
        loader.panels.pack(on: pool, progress: progress)
        self.configuration = configuration
        arena = loader.arena
        panels = loader.panels
        self.file = weights.hasMatricesInRows ? file.file : nil
    }
}
