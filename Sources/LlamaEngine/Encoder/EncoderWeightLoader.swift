import CKernels
import Checkpoints
import Parallel

/// Finds an encoder's weights in a safetensors file, holds each against the configuration's dimensions, and puts the
/// matrices into panels: as they are for the exact path, else rounded to int8 with a scale for each 32, or to bf16.
///
/// Before it is rounded, a matrix that reads what a norm gave takes in the norm: W (n w + b) = (W diag(w)) n + W b. In
/// MiniLM some channels' norm weights are many times as large as others', and int8 of what they gave would spend its
/// range on these: with the norms folded in, its vectors are at most 5.8e-4 (1 - cos) off on every instruction set,
/// without 1.1e-3.
struct EncoderWeightLoader {
    let file: SafetensorsFile
    let configuration: EncoderConfiguration
    let precision: Precision
    let arena = WeightArena()
    let panels: PanelArena
    /// Models that were saved with a head on top have it.
    private let prefix: String
    private var pending: [Pending] = []

    /// A matrix whose rows are still to be rounded.
    private struct Pending {
        let values: SafetensorsFile.Tensor
        let type: lk_type
        let element: lk_type
        let rows: RowMemory
        /// The norm whose output the matrix reads, and the bias that its shift is added to.
        let norm: EncoderWeights.Norm?
        let bias: UnsafeMutablePointer<Float>
    }

    /// - Throws: `CheckpointError` when there is no address space for the weights.
    init(
        file: SafetensorsFile, configuration: EncoderConfiguration, precision: Precision
    ) throws(CheckpointError) {
        (self.file, self.configuration, self.precision) = (file, configuration, precision)
        prefix = file.tensors["bert." + Self.words] == nil ? "" : "bert."
        let (hidden, feedForward) = (configuration.hidden, configuration.feedForward)
        // As f32 at most; sides are multiples of 32, so panels are full.
        let bytes = configuration.layers * (4 * hidden + 2 * feedForward) * hidden * 4
        guard let panels = PanelArena(capacity: bytes) else {
            throw CheckpointError(
                path: file.path, field: "weights", offset: nil, found: "no memory for \(bytes) bytes",
                wanted: "memory for all weights")
        }
        self.panels = panels
    }

    private static let words = "embeddings.word_embeddings.weight"

    mutating func load(on pool: ThreadPool) throws(CheckpointError) -> EncoderWeights {
        let words = try tensor(Self.words, [configuration.vocabulary, configuration.hidden])
        guard let type = words.dtype.kernelType, let base = words.bytes.baseAddress else { throw typeError(words) }
        let norm = try norm("embeddings.LayerNorm")
        let weights = EncoderWeights(
            bareNorm: bareNorm(),
            words: Matrix(type: type, outputs: configuration.vocabulary, inputs: configuration.hidden, rows: base),
            places: try places(), norm: norm, layers: try layers(after: norm))
        roundRows(on: pool)
        panels.pack(on: pool)
        pending = []
        return weights
    }

    private func roundRows(on pool: ThreadPool) {
        pool.run(chunks: pending.count) { _, chunk in
            let matrix = pending[chunk]
            let inputs = matrix.values.shape[1]
            let rowBytes = lk_row_bytes(matrix.type, inputs)
            guard let base = matrix.values.bytes.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: inputs) { row in
                for index in 0..<matrix.values.shape[0] {
                    lk_dequantize_row(matrix.type, base + index * rowBytes, row.baseAddress, inputs)
                    if let norm = matrix.norm { matrix.bias[index] += Self.fold(norm, into: row) }
                    let rounded = matrix.rows.base + index * lk_row_bytes(matrix.element, inputs)
                    if matrix.element == LK_BF16 {
                        lk_bf16_from_f32(row.baseAddress, rounded.assumingMemoryBound(to: UInt16.self), inputs)
                    } else {
                        lk_q8_0_from_f32(row.baseAddress, inputs, rounded)
                    }
                }
            }
        }
    }

    /// Multiplies a row of a matrix by the norm's weights.
    /// - Returns: the row's product with the norm's biases.
    private static func fold(_ norm: EncoderWeights.Norm, into row: UnsafeMutableBufferPointer<Float>) -> Float {
        var product = 0.0
        for index in row.indices {
            product += Double(row[index]) * Double(norm.bias.base[index])
            row[index] *= norm.weight.base[index]
        }
        return Float(product)
    }

    private func bareNorm() -> EncoderWeights.Norm {
        let (ones, zeros) = (arena.allocate(configuration.hidden), arena.allocate(configuration.hidden))
        ones.initialize(repeating: 1, count: configuration.hidden)
        zeros.initialize(repeating: 0, count: configuration.hidden)
        return EncoderWeights.Norm(
            weight: Vector(base: ones, count: configuration.hidden),
            bias: Vector(base: zeros, count: configuration.hidden))
    }

    private mutating func layers(after first: EncoderWeights.Norm) throws(CheckpointError) -> [EncoderWeights.Layer] {
        let (hidden, feedForward) = (configuration.hidden, configuration.feedForward)
        var layers: [EncoderWeights.Layer] = []
        var before = first
        for index in 0..<configuration.layers {
            let name = "encoder.layer.\(index)."
            let query = try projection(name + "attention.self.query", hidden, hidden, after: before, LK_BF16)
            let key = try projection(name + "attention.self.key", hidden, hidden, after: before, LK_BF16)
            let value = try projection(name + "attention.self.value", hidden, hidden, after: before, LK_BF16)
            let output = try projection(name + "attention.output.dense", hidden, hidden)
            let attentionNorm = try norm(name + "attention.output.LayerNorm")
            let layer = EncoderWeights.Layer(
                query: query, key: key, value: value, output: output, attentionNorm: attentionNorm,
                up: try projection(name + "intermediate.dense", feedForward, hidden, after: attentionNorm),
                down: try projection(name + "output.dense", hidden, feedForward),
                feedForwardNorm: try norm(name + "output.LayerNorm"))
            before = layer.feedForwardNorm
            layers.append(layer)
        }
        return layers
    }

    private func places() throws(CheckpointError) -> Vector {
        let hidden = configuration.hidden
        let places = try vector("embeddings.position_embeddings.weight", [configuration.positions, hidden])
        let types = try vector("embeddings.token_type_embeddings.weight", [configuration.tokenTypes, hidden])
        for position in 0..<configuration.positions { lk_add(places + position * hidden, types, hidden) }
        return Vector(base: places, count: configuration.positions * hidden)
    }

    private func norm(_ name: String) throws(CheckpointError) -> EncoderWeights.Norm {
        EncoderWeights.Norm(weight: try vector(name + ".weight"), bias: try vector(name + ".bias"))
    }

    /// - Parameters:
    ///   - norm: what gave its input.
    ///   - element: what the weights are rounded to on the fast path. What attention reads suffers most from int8: with
    ///     it vectors of MiniLM are up to 2e-3 (1 - cos) off, nearly all of that by the values.
    private mutating func projection(
        _ name: String, _ outputs: Int, _ inputs: Int, after norm: EncoderWeights.Norm? = nil,
        _ element: lk_type = LK_Q8_0
    ) throws(CheckpointError) -> EncoderWeights.Projection {
        let tensor = try tensor(name + ".weight", [outputs, inputs])
        guard let type = tensor.dtype.kernelType, let base = tensor.bytes.baseAddress else { throw typeError(tensor) }
        let bias = try vector(name + ".bias", [outputs])
        var (packed, rows) = (type, base)
        if precision == .quantized {
            let memory = RowMemory(bytes: outputs * lk_row_bytes(element, inputs))
            pending.append(
                Pending(values: tensor, type: type, element: element, rows: memory, norm: norm, bias: bias))
            (packed, rows) = (element, UnsafeRawPointer(memory.base))
        }
        guard let matrix = panels.promise(type: packed, outputs: outputs, inputs: inputs, rows: rows) else {
            throw refuse("weights", found: "no place for '\(name)'", wanted: "matrices in panels")
        }
        return EncoderWeights.Projection(
            matrix: Matrix(panels: matrix), bias: Vector(base: bias, count: outputs))
    }

    private func vector(_ name: String) throws(CheckpointError) -> Vector {
        Vector(base: try vector(name, [configuration.hidden]), count: configuration.hidden)
    }

    private func vector(_ name: String, _ shape: [Int]) throws(CheckpointError) -> UnsafeMutablePointer<Float> {
        let tensor = try tensor(name, shape)
        guard let type = tensor.dtype.kernelType, let base = tensor.bytes.baseAddress else { throw typeError(tensor) }
        let values = arena.allocate(tensor.elementCount)
        lk_dequantize_row(type, base, values, tensor.elementCount)
        return values
    }

    private func tensor(_ name: String, _ shape: [Int]) throws(CheckpointError) -> SafetensorsFile.Tensor {
        guard let tensor = file.tensors[prefix + name] else {
            throw refuse("tensor '\(prefix + name)'", found: "nothing", wanted: "one of shape \(shape)")
        }
        guard tensor.shape == shape else {
            throw refuse("shape of tensor '\(tensor.name)'", found: "\(tensor.shape)", wanted: "\(shape)")
        }
        return tensor
    }

    private func typeError(_ tensor: SafetensorsFile.Tensor) -> CheckpointError {
        refuse("type of tensor '\(tensor.name)'", found: tensor.dtype.rawValue, wanted: "F32, F16 or BF16")
    }

    private func refuse(_ field: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: file.path, field: field, offset: nil, found: found, wanted: wanted)
    }
}

/// Rows on their way from a file to panels.
private final class RowMemory: @unchecked Sendable {  // safe: each row is written by one thread, and read after all
    let base: UnsafeMutableRawPointer

    init(bytes: Int) { base = .allocate(byteCount: bytes, alignment: 64) }

    deinit { base.deallocate() }
}
