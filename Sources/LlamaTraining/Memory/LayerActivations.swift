import Checkpoints

/// The values that a layer's way forward leaves for its way back, each [tokens, ...]. Norms and SwiGLU's
/// output are computed again from it.
struct LayerActivations {
    /// Before norm and rotation; where they are not kept, the same as `q` and `k`.
    let queryProduct: UnsafeMutablePointer<Float>
    let keyProduct: UnsafeMutablePointer<Float>
    let q: UnsafeMutablePointer<Float>
    let k: UnsafeMutablePointer<Float>
    let v: UnsafeMutablePointer<Float>
    let attended: UnsafeMutablePointer<Float>
    /// Logarithms of the softmax's sums, [tokens, heads].
    let sums: UnsafeMutablePointer<Float>
    /// The product of attention's output matrix; only where it is kept.
    let outputProduct: UnsafeMutablePointer<Float>
    /// The residual stream behind attention.
    let middle: UnsafeMutablePointer<Float>
    let gate: UnsafeMutablePointer<Float>
    let up: UnsafeMutablePointer<Float>
    let downProduct: UnsafeMutablePointer<Float>
    /// A x of the modules of a layer.
    let lowRank: [TrainedModule: UnsafeMutablePointer<Float>]
    /// Where there is nothing to keep.
    let none: UnsafeMutablePointer<Float>

    func t(_ module: TrainedModule) -> UnsafeMutablePointer<Float> { lowRank[module] ?? none }
}

/// How the activations of a layer lie in one piece of memory.
struct ActivationLayout {
    let configuration: ModelConfiguration
    let keepsQueryProduct: Bool
    let keepsKeyProduct: Bool
    let keepsOutputProduct: Bool
    let keepsDownProduct: Bool
    /// The ranks of the seven products of a layer; 0: unchanged.
    let ranks: [Int]

    init(_ configuration: ModelConfiguration, settings: TrainingSettings, hasHeadNorms: Bool) {
        self.configuration = configuration
        func isDoRA(_ module: TrainedModule) -> Bool {
            settings.algorithm == .dora && settings.modules.contains(module)
        }
        keepsQueryProduct = hasHeadNorms || isDoRA(.query)
        keepsKeyProduct = hasHeadNorms || isDoRA(.key)
        keepsOutputProduct = isDoRA(.output)
        keepsDownProduct = isDoRA(.down)
        ranks = TrainedModule.ofLayer.map { module in
            settings.algorithm != .full && settings.modules.contains(module) ? settings.rank : 0
        }
    }

    /// Floats a token, part after part.
    private var widths: [Int] {
        let queries = configuration.heads * configuration.headDimension
        let keys = configuration.keyValueHeads * configuration.headDimension
        return [
            keepsQueryProduct ? queries : 0, keepsKeyProduct ? keys : 0, queries, keys, keys, queries,
            configuration.heads, keepsOutputProduct ? configuration.hidden : 0, configuration.hidden,
            configuration.feedForward, configuration.feedForward, keepsDownProduct ? configuration.hidden : 0,
        ] + ranks
    }

    /// Floats of a layer's activations.
    func count(tokens: Int) -> Int { widths.reduce(0, +) * Self.padded(tokens) }

    /// So that every part begins on a boundary of 64 bytes.
    static func padded(_ tokens: Int) -> Int { (tokens + 15) / 16 * 16 }

    func activations(at base: UnsafeMutablePointer<Float>, tokens: Int) -> LayerActivations {
        var next = base
        let parts = widths.map { width in
            defer { next += width * Self.padded(tokens) }
            return next
        }
        return LayerActivations(
            queryProduct: parts[keepsQueryProduct ? 0 : 2], keyProduct: parts[keepsKeyProduct ? 1 : 3], q: parts[2],
            k: parts[3], v: parts[4], attended: parts[5], sums: parts[6], outputProduct: parts[7], middle: parts[8],
            gate: parts[9], up: parts[10], downProduct: parts[11],
            lowRank: Dictionary(uniqueKeysWithValues: zip(TrainedModule.ofLayer, parts[12...])), none: base)
    }
}

/// Memory of a pass that no layer keeps, each [tokens, ...].
final class PassScratch {
    private let memory: FloatBuffer
    private let configuration: ModelConfiguration
    private var parts: [UnsafeMutablePointer<Float>] = []

    init(_ configuration: ModelConfiguration) throws(TrainingError) {
        self.configuration = configuration
        memory = try FloatBuffer(1)
    }

    private static func widths(_ configuration: ModelConfiguration) -> [Int] {
        let queries = configuration.heads * configuration.headDimension
        let keys = configuration.keyValueHeads * configuration.headDimension
        return [
            configuration.hidden, configuration.hidden, configuration.hidden, configuration.feedForward,
            configuration.feedForward, queries, queries, keys, keys,
        ]
    }

    static func count(_ configuration: ModelConfiguration, tokens: Int) -> Int {
        widths(configuration).reduce(0, +) * ActivationLayout.padded(tokens)
    }

    func reserve(tokens: Int) throws(TrainingError) {
        try memory.reserve(Self.count(configuration, tokens: tokens))
        var next = memory.base
        parts = Self.widths(configuration).map { width in
            defer { next += width * ActivationLayout.padded(tokens) }
            return next
        }
    }

    /// A norm's output, [tokens, hidden], and its gradient.
    var normed: UnsafeMutablePointer<Float> { parts[0] }
    var dnormed: UnsafeMutablePointer<Float> { parts[1] }
    /// The gradient of the residual stream, [tokens, hidden].
    var dx: UnsafeMutablePointer<Float> { parts[2] }
    /// SwiGLU's output, [tokens, feedForward], and its gradient.
    var activated: UnsafeMutablePointer<Float> { parts[3] }
    var dactivated: UnsafeMutablePointer<Float> { parts[4] }
    var dattended: UnsafeMutablePointer<Float> { parts[5] }
    var dq: UnsafeMutablePointer<Float> { parts[6] }
    var dk: UnsafeMutablePointer<Float> { parts[7] }
    var dv: UnsafeMutablePointer<Float> { parts[8] }
}
