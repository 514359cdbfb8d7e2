import Checkpoints
import Parallel
import Tokenizers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An embedding model ready to run: its tokenizer, its dimensions, and its weights packed for the kernels. Immutable;
/// any thread.
package final class EncoderModel: Sendable {
    package let configuration: EncoderConfiguration
    package let tokenizer: WordPiece
    package let precision: Precision
    let weights: EncoderWeights
    /// Keep the memory that `weights` point into.
    private let arena: WeightArena
    private let panels: PanelArena
    private let file: SafetensorsFile

    /// Opens a folder of the sentence-transformers layout. The file of weights stays mapped: the vectors of words are
    /// read where they lie.
    /// - Parameter threads: threads that pack the weights; by default one for each processor.
    /// - Throws: `CheckpointError`, `TokenizerError`: a file that is missing, says what this engine does not do, or
    ///   does not fit the others.
    package init(folder: EncoderFolder, precision: Precision, threads: Int? = nil) throws {
        configuration = try folder.configuration()
        file = try folder.weights()
        tokenizer = try folder.tokenizer()
        guard tokenizer.vocabularySize <= configuration.vocabulary else {
            throw TokenizerError(
                folder.path,
                "the vocabulary has \(tokenizer.vocabularySize) tokens, but vocab_size is \(configuration.vocabulary)")
        }
        self.precision = precision
        var loader = try EncoderWeightLoader(file: file, configuration: configuration, precision: precision)
        // Without threads of its own the packing is slower, not wrong.
        let pool =
            try (try? ThreadPool(threads: threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))) ?? ThreadPool(threads: 1)
        weights = try loader.load(on: pool)
        (arena, panels) = (loader.arena, loader.panels)
    }

    /// Bytes of the file of weights, for people.
    package var fileBytes: Int { file.file.bytes.count }
    package var parameters: Int {
        file.tensors.values.reduce(0) { $0 + ($1.dtype.kernelType == nil ? 0 : $1.elementCount) }
    }
}
