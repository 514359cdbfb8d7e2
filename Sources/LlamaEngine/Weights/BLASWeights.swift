import CKernels
import Checkpoints
import Parallel
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The matrices of a model whose products another library computes: f32 [outputs, inputs], row after row, in large
/// pages. Four bytes a weight, whatever the file's type.
///
/// Matrices are promised memory while a checkpoint is read, and decoded in one go afterwards, on all threads.
final class BLASWeights: @unchecked Sendable {  // safe: written by one thread before anybody else sees it
    private struct Promise {
        let type: lk_type
        let outputs: Int
        let inputs: Int
        let rows: UnsafeRawPointer
        let source: (file: MappedFile, range: Range<Int>)?
        let target: UnsafeMutablePointer<Float>
    }

    let products: any MatrixProducts
    private var blocks: [UnsafeMutableRawPointer] = []
    private var promises: [Promise] = []

    init(products: any MatrixProducts) {
        self.products = products
    }

    deinit {
        blocks.forEach { free($0) }
    }

    /// Bytes of a matrix; nil where they can't be counted.
    static func bytes(outputs: Int, inputs: Int) -> Int? {
        let (count, isLarge) = outputs.multipliedReportingOverflow(by: inputs)
        let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        return isLarge || isTooLarge ? nil : bytes
    }

    /// A matrix to be filled by `decode`; nil when the system has no memory for it. `rows` is read until then.
    /// - Parameter source: where the rows lie in a file, whose pages are dropped as they have been decoded.
    func promise(
        type: lk_type, outputs: Int, inputs: Int, rows: UnsafeRawPointer,
        source: (file: MappedFile, range: Range<Int>)? = nil
    ) -> Matrix? {
        guard let bytes = Self.bytes(outputs: outputs, inputs: inputs), let block = allocateLarge(bytes: bytes) else {
            return nil
        }
        blocks.append(block)
        let target = block.bindMemory(to: Float.self, capacity: outputs * inputs)
        promises.append(
            Promise(type: type, outputs: outputs, inputs: inputs, rows: rows, source: source, target: target))
        return Matrix(blas: target, outputs: outputs, inputs: inputs, products: products)
    }

    /// Rows that a thread decodes before it looks for more.
    private static let rowsAtOnce = 256

    /// Fills every matrix that was promised.
    /// - Parameter progress: hears from the pool's threads, in no order, which share of the pieces is done.
    func decode(on pool: ThreadPool, progress: (@Sendable (Double) -> Void)? = nil) {
        let pieces = promises.flatMap { promise in
            stride(from: 0, to: promise.outputs, by: Self.rowsAtOnce).map { start in
                (promise: promise, outputs: start..<min(promise.outputs, start + Self.rowsAtOnce))
            }
        }
        let done = Atomic(0)
        pool.run(chunks: pieces.count) { _, chunk in
            let (promise, outputs) = pieces[chunk]
            let rowBytes = lk_row_bytes(promise.type, promise.inputs)
            for output in outputs {
                lk_dequantize_row(
                    promise.type, promise.rows + output * rowBytes, promise.target + output * promise.inputs,
                    promise.inputs)
            }
            if let source = promise.source {
                let start = source.range.lowerBound
                source.file.drop(start + outputs.lowerBound * rowBytes..<start + outputs.upperBound * rowBytes)
            }
            let count = done.add(1, ordering: .relaxed).newValue
            progress?(Double(count) / Double(pieces.count))
        }
        promises = []
    }
}
