import CKernels
import LlamaEngine
import Parallel

/// The means that every layer computes with: threads, and memory that holds nothing from one call to the next.
final class Workbench {
    let pool: ThreadPool
    /// The scratch memory of each thread: [threads, kernelFloats].
    private let kernels: FloatBuffer
    private let kernelFloats: Int
    /// The gradient of A x, [rows, rank].
    let lowRank: FloatBuffer
    /// The gradient of a product times DoRA's factors, [rows, outputs].
    let scaled: FloatBuffer
    /// Activations as int16 or bf16.
    let narrow: FloatBuffer
    /// 1 / root mean square of rows.
    let inverses: FloatBuffer

    /// - Parameter backwardScratch: the most that a matrix of the model wants.
    init(pool: ThreadPool, headDimension: Int, backwardScratch: Int) throws(TrainingError) {
        self.pool = pool
        kernelFloats = (max(lk_training_scratch(headDimension), backwardScratch) + 15) / 16 * 16
        kernels = try FloatBuffer(pool.threads * kernelFloats)
        lowRank = try FloatBuffer(1)
        scaled = try FloatBuffer(1)
        narrow = try FloatBuffer(1)
        inverses = try FloatBuffer(1)
    }

    func scratch(_ worker: Int) -> UnsafeMutablePointer<Float> { kernels.base + worker * kernelFloats }

    /// Calls `body` for ranges of rows, on all threads.
    func rows(_ count: Int, grain: Int = 1, _ body: (_ rows: Range<Int>) -> Void) {
        pool.run(over: count, grain: grain) { _, rows in body(rows) }
    }
}
