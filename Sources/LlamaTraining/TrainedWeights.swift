import CKernels
import Checkpoints
import LlamaEngine
import Parallel

/// The layers of a base and what is trained of them. A frozen weight is the base's own, in the panels of its file; a
/// trained one is copied to f32.
struct TrainedWeights {
    let embedding: EmbeddingLayer
    let layers: [DecoderLayer]
    let finalNorm: NormLayer
    let head: LinearLayer
    let rope: RopeTable
    let parameters: [Parameter]
    let changes: [LowRankChange]
    /// Keep the memory of matrices that are not the base's.
    let quantised: [NF4Matrix]

    init(_ base: Model, settings: TrainingSettings, bench: Workbench) throws(TrainingError) {
        var builder = WeightBuilder(base.configuration, settings: settings, bench: bench)
        let weights = base.weights
        let whole = settings.algorithm == .full
        let embedding = whole ? try builder.copy(weights.embedding, "embedding.weight") : nil
        self.embedding = EmbeddingLayer(matrix: embedding?.matrix() ?? weights.embedding, parameter: embedding)
        var layers: [DecoderLayer] = []
        for (index, layer) in weights.layers.enumerated() { layers.append(try builder.layer(layer, index)) }
        self.layers = layers
        finalNorm = try builder.norm(weights.finalNorm, "norm.weight")
        head =
            if let embedding, weights.tiesHead {
                LinearLayer(matrix: embedding.matrix(), weight: embedding)
            } else {
                try builder.linear(weights.head, bias: nil, .head, layer: 0)
            }
        rope = weights.rope
        (parameters, changes, quantised) = (builder.parameters, builder.changes, builder.quantised)
    }
}

/// Makes layers, and collects what is trained in the order in which it is made.
private struct WeightBuilder {
    let configuration: ModelConfiguration
    let settings: TrainingSettings
    let bench: Workbench
    let hasMoments: Bool
    var parameters: [Parameter] = []
    var changes: [LowRankChange] = []
    var quantised: [NF4Matrix] = []

    init(_ configuration: ModelConfiguration, settings: TrainingSettings, bench: Workbench) {
        (self.configuration, self.settings, self.bench) = (configuration, settings, bench)
        hasMoments = UpdateRule(settings).hasMoments
    }

    private var isWhole: Bool { settings.algorithm == .full }

    mutating func layer(_ layer: DecoderWeights.Layer, _ index: Int) throws(TrainingError) -> DecoderLayer {
        guard let network = layer.feedForward.dense else { throw TrainingError.ofExperts(configuration) }
        let name = "layers.\(index)."
        guard let before = layer.attentionNorm, let beforeFeedForward = layer.feedForwardNorm else {
            preconditionFailure("the base is of an architecture that is trained")
        }
        let attentionNorm = try norm(before, name + "attention_norm.weight")
        let query = try linear(layer.query, .query, layer: index)
        let key = try linear(layer.key, .key, layer: index)
        let value = try linear(layer.value, .value, layer: index)
        let attention = AttentionLayer(
            configuration: configuration,
            queryNorm: try layer.queryNorm.map { weight throws(TrainingError) in
                try norm(weight, name + "q_norm.weight")
            },
            keyNorm: try layer.keyNorm.map { weight throws(TrainingError) in try norm(weight, name + "k_norm.weight") })
        return DecoderLayer(
            configuration: configuration, attentionNorm: attentionNorm, query: query, key: key, value: value,
            attention: attention, output: try linear(layer.output, .output, layer: index),
            feedForwardNorm: try norm(beforeFeedForward, name + "feed_forward_norm.weight"),
            gate: try linear(network.gate, .gate, layer: index), up: try linear(network.up, .up, layer: index),
            down: try linear(network.down, .down, layer: index))
    }

    mutating func norm(_ weight: Vector, _ name: String) throws(TrainingError) -> NormLayer {
        let parameter = isWhole ? try copy(weight, name) : nil
        return NormLayer(
            weight: parameter.map { UnsafePointer($0.values) } ?? weight.base, width: weight.count,
            epsilon: configuration.normEpsilon, parameter: parameter)
    }

    mutating func linear(
        _ linear: Linear, _ module: TrainedModule, layer: Int
    ) throws(TrainingError) -> LinearLayer {
        try self.linear(linear.matrix, bias: linear.bias, module, layer: layer)
    }

    mutating func linear(
        _ matrix: Matrix, bias: Vector?, _ module: TrainedModule, layer: Int
    ) throws(TrainingError) -> LinearLayer {
        let name = module == .head ? module.rawValue : "layers.\(layer).\(module.rawValue)"
        if isWhole {
            let weight = try copy(matrix, name + ".weight")
            let bias = try bias.map { bias throws(TrainingError) in try copy(bias, name + ".bias") }
            return LinearLayer(
                matrix: weight.matrix(), bias: bias.map { UnsafePointer($0.values) }, weight: weight,
                biasParameter: bias)
        }
        var matrix = matrix
        if settings.algorithm == .qlora, module != .head, NF4Matrix.serves(inputs: matrix.inputs) {
            let made = try NF4Matrix(matrix, bench)
            quantised.append(made)
            matrix = made.matrix
        }
        var change: LowRankChange?
        if settings.modules.contains(module) {
            let made = try LowRankChange(
                module, layer: layer, settings: settings, inputs: matrix.inputs, outputs: matrix.outputs,
                hasMoments: hasMoments)
            made.measure(matrix, bench)
            parameters += made.parameters
            changes.append(made)
            change = made
        }
        return LinearLayer(
            matrix: matrix, bias: bias?.base, change: change,
            precision: settings.precision, isHead: module == .head)
    }

    mutating func copy(_ vector: Vector, _ name: String) throws(TrainingError) -> Parameter {
        let parameter = try Parameter(name, [vector.count], hasMoments: hasMoments)
        parameter.values.update(from: vector.base, count: vector.count)
        parameters.append(parameter)
        return parameter
    }

    mutating func copy(_ matrix: Matrix, _ name: String) throws(TrainingError) -> Parameter {
        let (outputs, inputs) = (matrix.outputs, matrix.inputs)
        let layout: Parameter.Layout = lk_panel_bytes(LK_F32, inputs) > 0 ? .panels : .rows
        let parameter = try Parameter(name, [outputs, inputs], layout: layout, hasMoments: hasMoments)
        bench.pool.run(over: (outputs + 31) / 32, grain: 1) { _, panels in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 32 * inputs) { rows in
                guard let rows = rows.baseAddress else { return }
                for panel in panels {
                    let count = min(32, outputs - 32 * panel)
                    for row in 0..<count { matrix.row(32 * panel + row, to: rows + row * inputs) }
                    let target = parameter.values + 32 * panel * inputs
                    if layout == .panels {
                        lk_pack_panel(LK_F32, rows, count, inputs, 0, target)
                    } else {
                        target.update(from: rows, count: count * inputs)
                    }
                }
            }
        }
        parameters.append(parameter)
        return parameter
    }
}
