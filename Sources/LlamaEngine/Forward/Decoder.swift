import CKernels
import Parallel

/// Runs a model over tokens. Owns the working memory of one pass, so one thread at a time; the model is shared.
package final class Decoder {
    /// Rows of one sequence in a pass.
    package struct Segment {
        /// Which rows' logits are wanted.
        package enum Logits: Sendable {
            case none, last, all
        }

        package let tokens: ArraySlice<Int32>
        /// The sequence so far: the tokens take the positions from `cache.count` on.
        let cache: KVCache
        package let logits: Logits
        /// Fits the decoder's model.
        let adapter: Adapter?

        init(tokens: ArraySlice<Int32>, cache: KVCache, logits: Logits, adapter: Adapter? = nil) {
            self.tokens = tokens
            self.cache = cache
            self.logits = logits
            self.adapter = adapter
        }

        var logitRows: Int {
            switch logits {
            case .none: 0
            case .last: min(1, tokens.count)
            case .all: tokens.count
            }
        }
    }

    /// A row of the pass: its token's place.
    struct Row {
        let segment: Int
        let token: Int32
        let position: Int
    }

    package let model: Model
    package let precision: Precision
    let pool: ThreadPool
    let workspace: ForwardWorkspace
    /// Whether some product takes them.
    private let hasBF16: Bool
    private let hasInt8: Bool
    /// How a model computes whose products are another library's.
    let blas: BLASDecoding?
    var rows: [Row] = []
    var tiles: [Tile] = []
    var spans: [Span] = []
    var adapted: [AdaptedRows] = []

    /// `exact` asks for a model whose weights were read for it.
    package init(model: Model, precision: Precision, pool: ThreadPool) {
        precondition(precision == .quantized || model.isExact, "the model's weights were rounded when they were read")
        self.model = model
        // Another library knows f32 alone.
        self.precision = model.products == nil ? precision : .exact
        self.pool = pool
        workspace = ForwardWorkspace(model.configuration)
        hasBF16 = precision == .quantized && model.weights.has(.bf16)
        hasInt8 = precision == .quantized && model.weights.has(.int8)
        blas = model.products.map { BLASDecoding(products: $0, model.configuration) }
    }

    /// Where keys and values of this decoder's precision lie.
    var cacheLayout: KVLayout {
        let isNarrow = precision == .quantized && model.configuration.headDimension % 2 == 0
        return KVLayout(model.configuration, element: isNarrow ? .bf16 : .f32)
    }

    /// An empty cache of its own for one sequence, without a limit.
    func makeCache() -> KVCache {
        KVCache(pool: KVPagePool(layout: cacheLayout, pagesMax: .max))
    }

    /// Computes the segments in one pass and advances their caches. Each segment needs a cache of its own. Token ids must be
    /// in `0..<vocabulary`.
    /// - Returns: logits [rows asked for, vocabulary], segment after segment, valid until the next call.
    /// - Throws: `OutOfMemoryError`; then no cache has advanced.
    func run(_ segments: [Segment]) throws(OutOfMemoryError) -> UnsafeBufferPointer<Float> {
        let logitRows = segments.reduce(0) { $0 + $1.logitRows }
        try prepare(segments, logitRows: logitRows)
        embed()
        for (index, layer) in model.weights.layers.enumerated() {
            normalise(layer.attentionNorm)
            prepareAdapters(.attention, layer: index, normalised)
            prefetch(layer.output.matrix)
            attend(layer, index: index, segments)
            prepareAdapters(.attended, layer: index, attended)
            prefetch(layer.gate.matrix, layer.up.matrix)
            multiply(attended, Product(layer.output, workspace.residual.base, .output, layer: index), adding: true)
            normalise(layer.feedForwardNorm)
            prepareAdapters(.feedForward, layer: index, normalised)
            prefetch(layer.down.matrix)
            feedForward(layer, index: index)
            prepareAdapters(.activated, layer: index, activated)
            prefetch(after: index)
            multiply(activated, Product(layer.down, workspace.residual.base, .down, layer: index), adding: true)
        }
        // They go with their last request, not with the next pass.
        adapted.removeAll(keepingCapacity: true)
        for segment in segments { segment.cache.advance(by: segment.tokens.count) }
        computeLogits(segments, logitRows: logitRows)
        return UnsafeBufferPointer(start: workspace.logits.base, count: logitRows * model.configuration.vocabulary)
    }

    /// Says what is read after the next loop. Few rows leave a product waiting for its weights; many keep the weights waiting.
    private func prefetch(_ first: Matrix, _ second: Matrix? = nil) {
        guard rows.count < 8 else { return }
        pool.prefetch(first.panelMemory, second?.panelMemory)
    }

    private func prefetch(after layer: Int) {
        let layers = model.weights.layers
        prefetch(layer + 1 < layers.count ? layers[layer + 1].query.matrix : model.weights.head)
    }

    private func prepare(_ segments: [Segment], logitRows: Int) throws(OutOfMemoryError) {
        rows.removeAll(keepingCapacity: true)
        for (index, segment) in segments.enumerated() {
            try segment.cache.reserve(segment.tokens.count)
            for (offset, token) in segment.tokens.enumerated() {
                rows.append(Row(segment: index, token: token, position: segment.cache.count + offset))
            }
        }
        try workspace.reserve(rows: rows.count, headRows: logitRows * headPasses, threads: pool.threads)
        if let blas { try blas.plan(rows, threads: pool.threads) } else { try planAttention(segments) }
        try planAdapters(segments)
    }

    private func embed() {
        let configuration = model.configuration
        let rope = model.weights.rope
        let pairs = configuration.rope.dimension / 2
        eachRow { index in
            let row = rows[index]
            precondition(
                0 <= row.token && Int(row.token) < configuration.vocabulary, "token ids are checked on admission")
            model.weights.embedding.row(Int(row.token), to: workspace.residual.base + index * configuration.hidden)
            rope.fill(
                position: row.position, cosines: workspace.cosines.base + index * pairs,
                sines: workspace.sines.base + index * pairs)
        }
    }

    /// The inputs of a layer's products: what a norm gave, what attention gave, and what the feed-forward's first half gave.
    var normalised: Input {
        Input(floats: workspace.input.base, quantised: workspace.quantised.base, bf16: workspace.bf16.base)
    }
    var attended: Input {
        Input(floats: workspace.attended.base, quantised: workspace.quantised.base, bf16: workspace.bf16.base)
    }
    var activated: Input {
        Input(
            floats: workspace.activated.base, quantised: workspace.activatedQuantised.base,
            bf16: workspace.activatedBF16.base)
    }

    private func attend(_ layer: DecoderWeights.Layer, index: Int, _ segments: [Segment]) {
        multiply(
            normalised, Product(layer.query, workspace.queries.base, .query, layer: index),
            Product(layer.key, workspace.keys.base, .key, layer: index),
            Product(layer.value, workspace.values.base, .value, layer: index))
        placeHeads(layer, index: index, segments)
        if let blas { blas.attention(self, layer: index, segments) } else { attention(layer: index, segments) }
        let width = model.configuration.heads * model.configuration.headDimension
        eachRow { row in narrow(attended, row: row, width: width) }
    }

    /// SwiGLU of the products with gate and up. A thread takes some outputs of both at a time, so that their products never
    /// leave its cache.
    private func feedForward(_ layer: DecoderWeights.Layer, index: Int) {
        if let blas { return blas.feedForward(self, layer, index: index) }
        let width = model.configuration.feedForward
        let count = rows.count
        let next = activations(for: layer.down.matrix)
        pool.run(over: layer.gate.matrix.panels, grain: 1) { worker, panels in
            let gate = workspace.gates.base + worker * workspace.gateFloats
            let up = gate + count * Matrix.panelOutputs
            for panel in panels {
                let outputs = layer.gate.matrix.outputs(of: panel..<panel + 1)
                multiply(layer.gate, panel..<panel + 1, normalised, rows: count, to: gate, stride: Matrix.panelOutputs)
                multiply(layer.up, panel..<panel + 1, normalised, rows: count, to: up, stride: Matrix.panelOutputs)
                addAdapters(.gate, layer: index, panel..<panel + 1, to: gate, stride: Matrix.panelOutputs)
                addAdapters(.up, layer: index, panel..<panel + 1, to: up, stride: Matrix.panelOutputs)
                if next == .int8 {
                    keepActivated(panel, layer: index, gate: gate, up: up)
                    lk_swiglu_q8(gate, up, count, workspace.activatedQuantised.base + panel, width / 32)
                } else {
                    let out = workspace.activated.base + outputs.lowerBound
                    for row in 0..<count {
                        let start = row * Matrix.panelOutputs
                        lk_swiglu(gate + start, up + start, outputs.count, out + row * width)
                        guard next == .bf16 else { continue }
                        lk_bf16_from_f32(
                            out + row * width, activated.bf16 + row * width + outputs.lowerBound, outputs.count)
                    }
                }
            }
        }
    }

    /// RMSNorm of the residual stream, as the next product's input.
    private func normalise(_ weight: Vector) {
        let hidden = model.configuration.hidden
        let (residual, input) = (workspace.residual.base, workspace.input.base)
        eachRow { row in
            lk_rmsnorm(
                residual + row * hidden, weight.base, model.configuration.normEpsilon, hidden, input + row * hidden)
            narrow(row: row)
        }
    }

    /// Makes the narrow forms of a row of `normalised`.
    func narrow(row: Int) { narrow(normalised, row: row, width: model.configuration.hidden) }

    private func narrow(_ input: Input, row: Int, width: Int) {
        let floats = input.floats + row * width
        if hasBF16 { lk_bf16_from_f32(floats, input.bf16 + row * width, width) }
        if hasInt8 && width % 32 == 0 { lk_quantize_rows(floats, 1, width, input.quantised + row * (width / 32)) }
    }

    /// Calls `body` for each row, on all threads when there are enough rows to be worth waking them.
    func eachRow(_ body: (Int) -> Void) {
        if rows.count < 4 {
            for row in rows.indices { body(row) }
        } else {
            pool.run(over: rows.count, grain: 1) { _, range in
                for row in range { body(row) }
            }
        }
    }
}
