import CKernels
import Parallel

/// The limits of this machine, on the measurement's threads: loops that do one thing and nothing else, beside
/// which a model's speed is a share.
extension ModelMeasurement {
    /// Products of weights and activations for each token of a prompt, but for its last, which has logits too.
    package var productsPerToken: Int {
        decoder.model.weights.layerMatrices.reduce(0) { $0 + $1.outputs * $1.inputs }
    }

    /// Bytes of weights that one pass reads, all of a pass's tokens together.
    package var bytesPerToken: Int { readMatrices.reduce(0) { $0 + $1.byteCount } }

    /// Whether most products are of bytes.
    package var multipliesBytes: Bool {
        decoder.model.weights.layerMatrices.reduce(0) { sum, matrix in
            sum + (decoder.activations(for: matrix) == .int8 ? 1 : -1) * matrix.outputs * matrix.inputs
        } > 0
    }

    private var readMatrices: [Matrix] { decoder.model.weights.layerMatrices + [decoder.model.weights.head] }

    /// A loop that reads the weights and does nothing with them.
    package func readBytesPerSecond() -> Double {
        guard let kernels = lk_variants_for(lk_isa())?.pointee else { return .nan }
        let piece = 1 << 20
        var pieces: [UnsafeRawBufferPointer] = []
        for matrix in readMatrices {
            let memory = UnsafeRawBufferPointer(start: matrix.memory, count: matrix.byteCount / 256 * 256)
            guard UInt(bitPattern: matrix.memory) % 64 == 0 else { continue }
            for start in stride(from: 0, to: memory.count, by: piece) {
                pieces.append(UnsafeRawBufferPointer(rebasing: memory[start..<min(memory.count, start + piece)]))
            }
        }
        let list = pieces
        let pool = decoder.pool
        return fastest(list.reduce(0) { $0 + $1.count }) {
            // Each thread has a run of its own, as a product's threads have.
            pool.run(chunks: pool.threads) { _, thread in
                let own = list.count * thread / pool.threads..<list.count * (thread + 1) / pool.threads
                for piece in list[own] { _ = kernels.read_all(piece.baseAddress, piece.count) }
            }
        }
    }

    /// Multiplications of bytes, with their additions, in registers.
    package func byteProductsPerSecond() -> Double {
        guard let kernels = lk_variants_for(lk_isa())?.pointee else { return .nan }
        let pool = decoder.pool, rounds = 2_000_000
        return fastest(rounds * kernels.round_products * pool.threads) {
            pool.run(chunks: pool.threads) { _, _ in _ = kernels.multiply_bytes(rounds) }
        }
    }

    /// Multiplications of f32, with their additions, in registers.
    package func multiplyAddsPerSecond() -> Double {
        guard let kernels = lk_variants_for(lk_isa())?.pointee.training.pointee else { return .nan }
        let pool = decoder.pool, rounds = 2_000_000
        return fastest(rounds * Int(kernels.tile_sums) * pool.threads) {
            pool.run(chunks: pool.threads) { _, _ in _ = kernels.multiply_adds(rounds) }
        }
    }

    /// A limit is what was reached at best: whatever disturbs only lowers it.
    private func fastest(_ count: Int, _ body: () -> Void) -> Double {
        let times = (0..<5).map { _ in
            let start = clock.reading
            body()
            return (clock.reading - start) / .seconds(1)
        }
        return Double(count) / (times.min() ?? .nan)
    }
}
