import CKernels

/// Finds a family's weights in a checkpoint and holds each against the configuration's dimensions.
struct WeightLoader {
    let file: GGUFFile
    let family: ModelFamily
    let arena = WeightArena()
    let panels: PanelArena

    /// - Throws: `CheckpointError` when there is no address space for the weights.
    init(file: GGUFFile, family: ModelFamily) throws {
        self.file = file
        self.family = family
        let bytes = file.tensors.reduce(0) { sum, tensor in
            guard tensor.dimensions.count == 2,
                let bytes = PanelArena.bytes(
                    type: tensor.type, outputs: tensor.dimensions[1], inputs: tensor.dimensions[0])
            else { return sum }
            let (total, overflow) = sum.addingReportingOverflow(bytes)
            return overflow ? .max : total
        }
        guard let panels = PanelArena(capacity: bytes) else {
            throw CheckpointError(
                path: file.path, field: "weights", offset: nil, found: "no memory for \(bytes) bytes",
                wanted: "memory for all weights")
        }
        self.panels = panels
    }

    /// Sets `configuration.vocabulary` from the embedding.
    func load(_ configuration: inout ModelConfiguration) throws -> DecoderWeights {
        let names = family.weights
        let embedding = try embedding(named: names.embedding, hidden: configuration.hidden)
        configuration.vocabulary = embedding.outputs
        // No capacity is reserved: the number of layers is the file's claim until each has been found.
        var layers: [DecoderWeights.Layer] = []
        for index in 0..<configuration.layers {
            layers.append(try layer(index, configuration))
        }
        let head =
            file.tensor(named: names.head) == nil
            ? embedding : try matrix(names.head, outputs: configuration.vocabulary, inputs: configuration.hidden)
        return DecoderWeights(
            embedding: embedding, layers: layers,
            finalNorm: try vector(names.finalNorm, count: configuration.hidden),
            head: head, rope: try rope(configuration.rope))
    }

    private func layer(
        _ index: Int, _ configuration: ModelConfiguration
    ) throws -> DecoderWeights.Layer {
        let names = family.weights
        let (hidden, feedForward, dimension) = (
            configuration.hidden, configuration.feedForward, configuration.headDimension
        )
        let queryWidth = configuration.heads * dimension
        let keyWidth = configuration.keyValueHeads * dimension
        func linear(
            _ name: String, _ outputs: Int, _ inputs: Int, bias: ModelFamily.Presence
        ) throws -> Linear {
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

    private func rope(_ configuration: RopeConfiguration) throws -> RopeTable {
        let name = family.weights.ropeDivisors
        guard let divisors = try vector(name, count: configuration.dimension / 2, .optional) else {
            return RopeTable(configuration)
        }
        let values = Array(UnsafeBufferPointer(start: divisors.base, count: divisors.count))
        guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw refuse("values of tensor '\(name)'", found: "one that is not", wanted: "positive numbers")
        }
        return RopeTable(configuration, divisors: values)
    }

    /// The embedding's rows say how large the vocabulary is.
    private func embedding(named name: String, hidden: Int) throws -> Matrix {
        let rows = file.tensor(named: name)?.dimensions.last ?? 1
        guard rows <= ModelConfiguration.vocabularyMax else {
            throw refuse(
                "dimension 1 of tensor '\(name)'", found: "\(rows)",
                wanted: "at most vocabularyMax = \(ModelConfiguration.vocabularyMax)")
        }
        return try matrix(name, outputs: rows, inputs: hidden)
    }

    private func matrix(_ name: String, outputs: Int, inputs: Int) throws -> Matrix {
        let tensor = try file.requiredTensor(name, dimensions: [inputs, outputs])
        guard let base = tensor.bytes.baseAddress else { throw empty(name) }
        if let matrix = panels.promise(type: tensor.type, outputs: outputs, inputs: inputs, rows: base) {
            return Matrix(panels: matrix)
        }
        return Matrix(type: tensor.type, outputs: outputs, inputs: inputs, rows: base)
    }

    private func vector(_ name: String, count: Int) throws -> Vector {
        let tensor = try file.requiredTensor(name, dimensions: [count])
        guard let base = tensor.bytes.baseAddress else { throw empty(name) }
        let values = arena.allocate(count)
        lk_dequantize_row(tensor.type, base, values, count)
        return Vector(base: values, count: count)
    }

    private func vector(_ name: String, count: Int, _ presence: ModelFamily.Presence) throws -> Vector? {
        switch presence {
        case .absent: nil
        case .optional: file.tensor(named: name) == nil ? nil : try vector(name, count: count)
        case .required: try vector(name, count: count)
        }
    }

    private func empty(_ name: String) -> CheckpointError {
        refuse("tensor '\(name)'", found: "no bytes", wanted: "weights")
    }

    private func refuse(_ field: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: file.path, field: field, offset: nil, found: found, wanted: wanted)
    }
}
