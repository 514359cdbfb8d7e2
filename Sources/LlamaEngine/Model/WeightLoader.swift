import CKernels

/// Finds a family's weights in a checkpoint and holds each against the configuration's dimensions.
struct WeightLoader {
    let file: GGUFFile
    let family: ModelFamily
    let arena: WeightArena

    /// Sets `configuration.vocabulary` from the embedding.
    func load(_ configuration: inout ModelConfiguration) throws(ModelError) -> DecoderWeights {
        let names = family.weights
        let embedding = try embedding(named: names.embedding, hidden: configuration.hidden)
        configuration.vocabulary = embedding.outputs
        // No capacity is reserved: the number of layers is the file's claim until each has been found.
        var layers: [DecoderWeights.Layer] = []
        for index in 0..<configuration.layers {
            layers.append(try layer(index, configuration))
        }
        let head =
            file.tensor(names.head) == nil
            ? embedding : try matrix(names.head, outputs: configuration.vocabulary, inputs: configuration.hidden)
        return DecoderWeights(
            embedding: embedding, layers: layers,
            finalNorm: try vector(names.finalNorm, count: configuration.hidden),
            head: head, rope: try rope(configuration.rope))
    }

    private func layer(
        _ index: Int, _ configuration: ModelConfiguration
    ) throws(ModelError) -> DecoderWeights.Layer {
        let names = family.weights
        let (hidden, feedForward, dimension) = (
            configuration.hidden, configuration.feedForward, configuration.headDimension
        )
        let queryWidth = configuration.heads * dimension
        let keyWidth = configuration.keyValueHeads * dimension
        func linear(
            _ name: String, _ outputs: Int, _ inputs: Int, bias: ModelFamily.Presence
        ) throws(ModelError) -> Linear {
            Linear(
                matrix: try matrix(names.layer(index, name + ".weight"), outputs: outputs, inputs: inputs),
                bias: try vector(names.layer(index, name + ".bias"), count: outputs, bias))
        }
        return DecoderWeights.Layer(
            attentionNorm: try vector(names.layer(index, names.attentionNorm), count: hidden),
            query: try linear(names.query, queryWidth, hidden, bias: family.attentionBias),
            key: try linear(names.key, keyWidth, hidden, bias: family.attentionBias),
            value: try linear(names.value, keyWidth, hidden, bias: family.attentionBias),
            queryNorm: try vector(names.layer(index, names.queryNorm), count: dimension, family.headNorm),
            keyNorm: try vector(names.layer(index, names.keyNorm), count: dimension, family.headNorm),
            output: try linear(names.output, hidden, queryWidth, bias: .optional),
            feedForwardNorm: try vector(names.layer(index, names.feedForwardNorm), count: hidden),
            gate: try linear(names.gate, feedForward, hidden, bias: .optional),
            up: try linear(names.up, feedForward, hidden, bias: .optional),
            down: try linear(names.down, hidden, feedForward, bias: .optional))
    }

    private func rope(_ configuration: RopeConfiguration) throws(ModelError) -> RopeTable {
        let name = family.weights.ropeDivisors
        guard let divisors = try vector(name, count: configuration.dimension / 2, .optional) else {
            return RopeTable(configuration)
        }
        let values = Array(UnsafeBufferPointer(start: divisors.base, count: divisors.count))
        guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw error(.invalidValue, "the tensor '\(name)' must hold positive numbers")
        }
        return RopeTable(configuration, divisors: values)
    }

    private func embedding(named name: String, hidden: Int) throws(ModelError) -> Matrix {
        let tensor = try tensor(name)
        guard tensor.shape.count == 2, tensor.shape[0] == hidden,
            (1...ModelConfiguration.vocabularyMax).contains(tensor.shape[1])
        else {
            throw wrongShape(name, tensor, wanted: "[\(hidden), 1 to \(ModelConfiguration.vocabularyMax)]")
        }
        return try matrix(name, outputs: tensor.shape[1], inputs: hidden)
    }

    private func matrix(_ name: String, outputs: Int, inputs: Int) throws(ModelError) -> Matrix {
        let tensor = try tensor(name)
        guard tensor.shape == [inputs, outputs] else {
            throw wrongShape(name, tensor, wanted: "[\(inputs), \(outputs)]")
        }
        return Matrix(type: tensor.type, outputs: outputs, inputs: inputs, base: tensor.base)
    }

    private func vector(_ name: String, count: Int) throws(ModelError) -> Vector {
        let tensor = try tensor(name)
        guard tensor.shape == [count] else { throw wrongShape(name, tensor, wanted: "[\(count)]") }
        let values = arena.allocate(count)
        lk_dequantize_row(tensor.type, tensor.base, values, count)
        return Vector(base: values, count: count)
    }

    private func vector(
        _ name: String, count: Int, _ presence: ModelFamily.Presence
    ) throws(ModelError) -> Vector? {
        switch presence {
        case .absent: nil
        case .optional: file.tensor(name) == nil ? nil : try vector(name, count: count)
        case .required: try vector(name, count: count)
        }
    }

    private func tensor(_ name: String) throws(ModelError) -> GGUFTensor {
        guard let tensor = file.tensor(name) else {
            throw error(
                .missingTensor, "has no tensor '\(name)', which the architecture \(family.architecture) needs")
        }
        return tensor
    }

    private func wrongShape(_ name: String, _ tensor: GGUFTensor, wanted: String) -> ModelError {
        error(.wrongShape, "the tensor '\(name)' has the shape \(tensor.shape); the metadata ask for \(wanted)")
    }

    private func error(_ code: ModelError.Code, _ message: String) -> ModelError {
        ModelError(code: code, file: file.name, message: message)
    }
}
