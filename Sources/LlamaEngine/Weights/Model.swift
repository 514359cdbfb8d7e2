import CKernels
import Checkpoints
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A checkpoint ready to run: its dimensions, and its weights packed for the kernels. Immutable; any thread.
package final class Model: Sendable {
    package let configuration: ModelConfiguration
    package let weights: DecoderWeights
    let norms = WeightNorms()
    /// Keep the memory that `weights` point into.
    private let arena: WeightArena
    private let panels: PanelArena
    private let blas: BLASWeights?
    /// Only where some weights stay in rows.
    private let rows: (files: [MappedFile], gathered: GatheredTensors)?

    /// Whether all weights are what the checkpoint says.
    package let isExact: Bool

    /// Who multiplies its matrices; nil: the engine's own kernels.
    package var products: (any MatrixProducts)? { blas?.products }

    /// Opens a checkpoint of any format (`ModelCheckpoint.open`).
    /// - Throws: `CheckpointError`, as `init(_:)` does.
    package convenience init(path: String, precision: Precision = .exact) throws {
        let checkpoint = try ModelCheckpoint.open(path: path)
        checkpoint.willNeedWeights()
        try self.init(checkpoint, precision: precision)
    }

    /// Reads the weights. They are copied into the order in which products read them; unless some have a type without
    /// panels, the files are not used afterwards and their mappings go away with `checkpoint`.
    /// - Parameters:
    ///   - threads: threads that copy; by default one for each processor.
    ///   - products: who multiplies matrices, which then are f32 in memory; by default the engine's own kernels.
    ///   - precision: what the weights are for. `quantized` keeps F16 as bf16 where products take that: a product need
    ///     not round it each time, and the sums are the same.
    ///   - contextTokensMax: positions that will be served, where they are fewer than the model was trained for.
    ///   - needsHead: false where no logits are asked for: the checkpoint's own head, if it has one, is not read.
    ///   - progress: hears from those threads, in no order, which share of the weights is there.
    /// - Throws: `CheckpointError` when a tensor is missing, sizes disagree, or memory is short.
    package init(
        _ checkpoint: ModelCheckpoint, threads: Int? = nil, products: (any MatrixProducts)? = nil,
        precision: Precision = .exact, contextTokensMax: Int? = nil, needsHead: Bool = true,
        progress: (@Sendable (Double) -> Void)? = nil
    ) throws {
        var configuration = checkpoint.configuration
        configuration.contextTokens = min(contextTokensMax ?? .max, configuration.contextTokens)
        let loader = try WeightLoader(checkpoint, products: products, precision: precision)
        weights = try loader.load(&configuration, needsHead: needsHead)
        // Without threads of its own the copy is slower, not wrong.
        let pool =
            try (try? ThreadPool(threads: threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))) ?? ThreadPool(threads: 1)
        if let blas = loader.blas {
            blas.decode(on: pool, progress: progress)
        } else {
            loader.panels.pack(on: pool, progress: progress)
        }
        self.configuration = configuration
        arena = loader.arena
        panels = loader.panels
        blas = loader.blas
        isExact = !(loader.roundsF16 && checkpoint.tensors.values.contains { $0.type == LK_F16 })
        rows = weights.hasMatricesInRows ? (checkpoint.files, loader.gathered) : nil
    }
}
