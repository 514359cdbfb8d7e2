import CKernels
import Parallel

/// Turns token sequences into vectors. Owns the working memory of one pass, so one thread at a time; the model is
/// shared.
///
/// Sequences of one pass lie one after another as rows, without padding. A sequence's vector is the same to the bit
/// whatever else is in the pass and on any number of threads, but not between instruction sets.
package final class Encoder {
    package let model: EncoderModel
    let pool: ThreadPool
    let workspace = EncoderWorkspace()
    var rows = 0
    /// Where each sequence's rows are.
    var sequences: [Range<Int>] = []
    var longest = 0

    /// Rows that a thread takes through a product at a time: their int8 encoding stays in its second-level cache.
    static let blockRows = 96

    package init(model: EncoderModel, pool: ThreadPool) {
        (self.model, self.pool) = (model, pool)
    }

    var isExact: Bool { model.precision == .exact }

    /// One vector of length 1 for each sequence, `hidden` values. A sequence has at least one token and at most
    /// `positions`; token ids are in `0..<vocabulary`.
    /// - Throws: `OutOfMemoryError`.
    package func embed(_ tokens: some Collection<[Int32]>) throws(OutOfMemoryError) -> [[Float]] {
        try prepare(tokens)
        look(up: tokens)
        let weights = model.weights
        normalise(weights.norm, addingLater: weights.layers.first?.output.bias)
        for (index, layer) in weights.layers.enumerated() {
            attend(layer)
            multiply(attended, [Product(layer.output, workspace.residual.base)], adding: true)
            normalise(layer.attentionNorm, addingLater: layer.down.bias)
            feedForward(layer)
            multiply(activated, [Product(layer.down, workspace.residual.base)], adding: true)
            let next = index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
            normalise(layer.feedForwardNorm, addingLater: next?.output.bias)
        }
        return pooled()
    }

    private func prepare(_ tokens: some Collection<[Int32]>) throws(OutOfMemoryError) {
        sequences.removeAll(keepingCapacity: true)
        rows = 0
        for sequence in tokens {
            precondition(
                (1...model.configuration.positions).contains(sequence.count),
                "the caller cuts texts to the model's size")
            sequences.append(rows..<rows + sequence.count)
            rows += sequence.count
        }
        longest = sequences.map(\.count).max() ?? 0
        try workspace.reserve(
            rows: rows, longest: longest, threads: pool.threads, model.configuration, model.precision)
    }

    /// The sum of a token's and its position's vectors.
    private func look(up tokens: some Collection<[Int32]>) {
        let hidden = model.configuration.hidden
        let all = Array(tokens)
        pool.run(chunks: all.count) { _, chunk in
            for (position, token) in all[chunk].enumerated() {
                precondition(
                    0 <= token && Int(token) < model.configuration.vocabulary, "tokens come from the vocabulary")
                let row = workspace.residual.base + (sequences[chunk].lowerBound + position) * hidden
                model.weights.words.row(Int(token), to: row)
                lk_add(row, model.weights.places.base + position * hidden, hidden)
            }
        }
    }

    /// The residual is normed and becomes the next product's input, and the next residual: there the bias of the
    /// product that will be added to it is added now, while the row is in the cache. On the fast path the products have
    /// the norm's weight and bias in them, and get the rows without.
    private func normalise(_ norm: EncoderWeights.Norm, addingLater bias: Vector?) {
        let (hidden, epsilon) = (model.configuration.hidden, model.configuration.normEpsilon)
        let isFolded = !isExact && bias != nil
        let inputNorm = isFolded ? model.weights.bareNorm : norm
        pool.run(over: rows, grain: 8) { _, range in
            for row in range {
                let residual = workspace.residual.base + row * hidden
                let input = workspace.input.base + row * hidden
                lk_layernorm(residual, inputNorm.weight.base, inputNorm.bias.base, epsilon, hidden, input)
                guard let bias else { continue }
                if isFolded {
                    lk_quantize_rows(input, 1, hidden, workspace.quantised.base + row * (hidden / 32))
                    lk_bf16_from_f32(input, workspace.bf16.base + row * hidden, hidden)
                    lk_layernorm(residual, norm.weight.base, norm.bias.base, epsilon, hidden, residual)
                } else {
                    residual.update(from: input, count: hidden)
                }
                lk_add(residual, bias.base, hidden)
            }
        }
    }

    /// GELU of the first half's products. A thread takes some rows and one panel at a time, so that their products
    /// never leave its cache.
    private func feedForward(_ layer: EncoderWeights.Layer) {
        let width = model.configuration.feedForward
        eachBlock(panels: layer.up.matrix.panels) { worker, rows, panels in
            let products = workspace.products.base + worker * workspace.productFloats
            for panel in panels {
                let output = panel * Matrix.panelOutputs
                multiply(
                    layer.up.matrix, panel..<panel + 1, normalised, rows: rows, to: products,
                    stride: Matrix.panelOutputs, adding: false)
                let bias = layer.up.bias.base + output
                guard isExact else {
                    let out = workspace.activatedQuantised.base + rows.lowerBound * (width / 32) + panel
                    lk_gelu_q8(products, bias, rows.count, out, width / 32)
                    continue
                }
                for row in rows {
                    lk_gelu(
                        products + (row - rows.lowerBound) * Matrix.panelOutputs, bias, Matrix.panelOutputs,
                        workspace.activated.base + row * width + output)
                }
            }
        }
    }

    private func pooled() -> [[Float]] {
        let hidden = model.configuration.hidden
        return sequences.map { rows in
            let count = model.configuration.pooling == .mean ? rows.count : 1
            var sum = [Double](repeating: 0, count: hidden)
            for row in rows.prefix(count) {
                let values = workspace.input.base + row * hidden
                for index in 0..<hidden { sum[index] += Double(values[index]) }
            }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return sum.map { Float(length > 0 ? $0 / length : 0) }
        }
    }
}
