import CKernels
import Parallel

/// Runs a model over tokens. Owns the working memory of one pass, so one thread at a time; the model is shared.
package final class Decoder {
    package let model: Model
    package let precision: Precision
    /// nil: by the precision.
    private let cachePrecision: CachePrecision?
    let pool: ThreadPool
    let workspace: ForwardWorkspace
    /// Whether some product takes them.
    private let hasBF16: Bool
    private let hasInt8: Bool
    /// Whether what attention and the feed-forward part give is changed before it is added to the residual stream.
    private let hasBranches: Bool
    let backend: any ForwardBackend
    /// nil where no layer has experts.
    let mixing: ExpertWorkspace?
    /// `DecoderWeights.readNext`.
    let readNext: [(first: UnsafeRawBufferPointer, second: UnsafeRawBufferPointer?)]
    var rows: [Row] = []
    var adapted: [AdaptedRows] = []
    /// The same of the rows of logits, for adapters that change the head.
    var adaptedLogits: [AdaptedRows] = []
    /// Whether some row's products have factors (DoRA).
    var hasFactors = false

    /// - Parameters:
    ///   - precision: `exact` asks for a model whose weights were read for it.
    ///   - cachePrecision: how keys and values are kept; nil: f32 where the precision is exact, otherwise bf16.
    package init(model: Model, precision: Precision, cachePrecision: CachePrecision? = nil, pool: ThreadPool) {
        precondition(precision == .quantized || model.isExact, "the model's weights were rounded when they were read")
        self.model = model
        // Another library knows f32 alone.
        self.precision = model.products == nil ? precision : .exact
        self.cachePrecision = model.products == nil ? cachePrecision : nil
        self.pool = pool
        workspace = ForwardWorkspace(model.configuration)
        hasBF16 = precision == .quantized && model.weights.has(.bf16)
        hasInt8 = precision == .quantized && model.weights.has(.int8)
        hasBranches =
            model.configuration.variant.residualScale != 1
            || model.weights.layers.contains { $0.attentionPostNorm != nil }
        readNext = model.weights.readNext
        let inputs = model.weights.expertInputs(self.precision)
        mixing = model.configuration.experts.map {
            ExpertWorkspace($0, hidden: model.configuration.hidden, inputs: inputs)
        }
        backend =
            if let products = model.products {
                BLASBackend(products, model.configuration)
            } else {
                KernelBackend(model.configuration)
            }
    }

    /// Where this decoder's keys and values lie.
    var cacheLayout: KVLayout {
        let wanted = cachePrecision ?? (precision == .quantized ? .bf16 : .f32)
        let isOdd = model.configuration.headDimension % 2 != 0
        return KVLayout(model.configuration, element: wanted == .bf16 && isOdd ? .f32 : wanted)
    }

    /// An empty cache of its own for one sequence, without a limit.
    func makeCache() -> KVCache {
        KVCache(pool: KVPagePool(layout: cacheLayout, pagesMax: .max))
    }

    /// Computes the segments in one pass and advances their caches. Each segment needs a cache of its own. Token ids
    /// must be in `0..<vocabulary`.
    /// - Returns: logits [rows asked for, vocabulary], segment after segment, valid until the next call.
    /// - Throws: `OutOfMemoryError`; then no cache has advanced.
    func run(_ segments: [Segment]) throws(OutOfMemoryError) -> UnsafeBufferPointer<Float> {
        let logitRows = segments.reduce(0) { $0 + $1.logitRows }
        try prepare(segments, logitRows: logitRows)
        embed()
        for (index, layer) in model.weights.layers.enumerated() {
            normalise(layer.attentionNorm)
            attend(layer, index: index, segments)
            addToResidual(layer.output, .output, of: attended, layer: index, norm: layer.attentionPostNorm)
            normalise(layer.feedForwardNorm)
            feedForward(layer.feedForward, index: index, norm: layer.feedForwardPostNorm)
        }
        for segment in segments { segment.cache.advance(by: segment.tokens.count) }
        computeLogits(segments, logitRows: logitRows)
        // They go with their last request, not with the next pass.
        adapted.removeAll(keepingCapacity: true)
        adaptedLogits.removeAll(keepingCapacity: true)
        return UnsafeBufferPointer(start: workspace.logits.base, count: logitRows * model.configuration.vocabulary)
    }

    /// Adds a layer's feed-forward part of `normalised` to the residual stream.
    private func feedForward(_ part: FeedForward, index: Int, norm: Vector?) {
        switch part {
        case .dense(let network):
            backend.feedForward(self, network, index: index)
            addToResidual(network.down, .down, of: activated, layer: index, norm: norm)
        case .experts(let experts): mix(experts, layer: index)
        }
    }

    private func prepare(_ segments: [Segment], logitRows: Int) throws(OutOfMemoryError) {
        rows.removeAll(keepingCapacity: true)
        for (index, segment) in segments.enumerated() {
            try segment.cache.reserve(segment.tokens.count)
            for (offset, token) in segment.tokens.enumerated() {
                rows.append(Row(segment: index, token: token, position: segment.cache.count + offset))
            }
        }
        try workspace.reserve(rows: rows.count, headRows: logitRows)
        try mixing?.reserve(self)
        if hasBranches { try workspace.reserve(branch: rows.count) }
        try backend.plan(self, segments)
        try planAdapters(segments)
    }

    private func embed() {
        let configuration = model.configuration
        let scale = configuration.variant.embeddingScale
        eachRow { index in
            let row = rows[index]
            precondition(
                0 <= row.token && Int(row.token) < configuration.vocabulary, "token ids are checked on admission")
            let residual = workspace.residual.base + index * configuration.hidden
            model.weights.embedding.row(Int(row.token), to: residual)
            if scale != 1 {
                for place in 0..<configuration.hidden { residual[place] *= scale }
            }
            workspace.angles.fill(row: index, position: row.position, model.weights.rope)
            if let rope = model.weights.windowRope {
                workspace.windowAngles.fill(row: index, position: row.position, rope)
            }
        }
    }

    /// RMSNorm of the residual stream, as the next product's input; without a norm the stream as it is.
    private func normalise(_ weight: Vector?) {
        let hidden = model.configuration.hidden
        let (residual, input) = (workspace.residual.base, workspace.input.base)
        eachRow { row in
            if let weight {
                lk_rmsnorm(
                    residual + row * hidden, weight.base, model.configuration.normEpsilon, hidden, input + row * hidden)
            } else {
                (input + row * hidden).update(from: residual + row * hidden, count: hidden)
            }
            narrow(row: row)
        }
    }

    /// Multiplies `input` by a product whose answer is a part's, norms and scales that where the family does, and adds
    /// it to the residual stream.
    private func addToResidual(_ linear: Linear, _ target: AdapterTarget, of input: Input, layer: Int, norm: Vector?) {
        guard hasBranches else {
            return multiply(input, Product(linear, workspace.residual.base, target, layer: layer), adding: true)
        }
        let (configuration, scale) = (model.configuration, model.configuration.variant.residualScale)
        multiply(input, Product(linear, workspace.branch.base, target, layer: layer))
        eachRow { row in
            let branch = workspace.branch.base + row * configuration.hidden
            if let norm { lk_rmsnorm(branch, norm.base, configuration.normEpsilon, configuration.hidden, branch) }
            if scale != 1 {
                for place in 0..<configuration.hidden { branch[place] *= scale }
            }
            lk_add(workspace.residual.base + row * configuration.hidden, branch, configuration.hidden)
        }
    }

    /// Makes the narrower encodings of a row of `normalised`.
    func narrow(row: Int) { narrow(normalised, row: row, width: model.configuration.hidden) }

    func narrow(_ input: Input, row: Int, width: Int) {
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
