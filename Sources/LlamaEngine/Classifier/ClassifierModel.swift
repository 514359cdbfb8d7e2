import CKernels
import Checkpoints
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A decoder whose head gives one number in place of logits: a folder of transformers' `LlamaForSequenceClassification`
/// with one label. Immutable; any thread.
package final class ClassifierModel: Sendable {
    package let decoder: Model
    /// `score.weight`, [hidden].
    let head: [Float]

    static let headName = "score.weight"

    /// - Parameter precision: `quantized` makes 8-bit blocks of weights that are floats.
    /// - Throws: `CheckpointError` as `Model` does, and where there is no head of one label.
    package init(_ checkpoint: ModelCheckpoint, precision: Precision = .exact) throws {
        head = try Self.head(checkpoint)
        let read = precision == .exact ? checkpoint : checkpoint.inEightBits(try ThreadPool(threads: Self.copyThreads))
        decoder = try Model(read, precision: precision, needsHead: false)
    }

    private static var copyThreads: Int { max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), ThreadPool.threadsMax)) }

    private static func head(_ checkpoint: ModelCheckpoint) throws -> [Float] {
        let hidden = checkpoint.configuration.hidden
        let tensor = try checkpoint.requiredTensor(headName, shape: [1, hidden])
        guard let type = tensor.type else {
            throw checkpoint.refuse("type of tensor '\(headName)'", found: tensor.typeName, wanted: "F32, F16 or BF16")
        }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(1, tensor.byteCount), alignment: 64)
        defer { bytes.deallocate() }
        tensor.gather(to: bytes)
        return [Float](unsafeUninitializedCapacity: hidden) { values, count in
            lk_dequantize_row(type, bytes, values.baseAddress, hidden)
            count = hidden
        }
    }
}
