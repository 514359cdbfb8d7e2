import CKernels
import Checkpoints

/// Finds a family's weights in a checkpoint and holds each against the configuration's dimensions.
struct WeightLoader {
    let checkpoint: ModelCheckpoint
    let arena = WeightArena()
    /// Weights that lie in parts; read until the panels are packed, or as long as matrices in rows are.
    let gathered = GatheredTensors()
    let panels: PanelArena
    /// Where all matrices go instead of into panels.
    let blas: BLASWeights?
    /// Whether F16 is kept as bf16: where products would round it to that anyway.
    let roundsF16: Bool

    /// - Throws: `CheckpointError` when there is no address space for the weights.
    init(_ checkpoint: ModelCheckpoint, products: (any MatrixProducts)? = nil, precision: Precision) throws {
        self.checkpoint = checkpoint
        roundsF16 = products == nil && precision == .quantized && lk_has_bf16(LK_F16) != 0
        blas = products.map(BLASWeights.init)
        let bytes = checkpoint.tensors.values.reduce(0) { sum, tensor in
            guard products == nil, let bytes = PanelArena.bytes(of: tensor) else { return sum }
            let (total, overflow) = sum.addingReportingOverflow(bytes)
            return overflow ? .max : total
        }
        guard let panels = PanelArena(capacity: bytes) else {
            throw checkpoint.refuse(
                "weights", found: "no memory for \(bytes) bytes", wanted: "memory for all weights")
        }
        self.panels = panels
    }

    /// Sets `configuration.vocabulary` from the embedding.
    func load(_ configuration: inout ModelConfiguration, needsHead: Bool = true) throws -> DecoderWeights {
        let names = checkpoint.names
        let embedding = try embedding(named: names.embedding, hidden: configuration.hidden)
        configuration.vocabulary = embedding.outputs
        // No capacity is reserved: the number of layers is the file's claim until each has been found.
        var layers: [DecoderWeights.Layer] = []
        for index in 0..<configuration.layers {
            layers.append(try layer(index, configuration))
        }
        let tiesHead = !needsHead || checkpoint.tiesHead ?? (checkpoint.tensors[names.head] == nil)
        let head =
            tiesHead
            ? embedding : try matrix(names.head, outputs: configuration.vocabulary, inputs: configuration.hidden)
        return DecoderWeights(
            embedding: embedding, layers: layers,
            finalNorm: try norm(names.finalNorm, count: configuration.hidden),
            head: head, tiesHead: tiesHead, rope: try rope(configuration),
            windowRope: configuration.variant.windowRope.map { RopeTable($0) })
    }

    private func layer(
        _ index: Int, _ configuration: ModelConfiguration
    ) throws -> DecoderWeights.Layer {
        let (names, family) = (checkpoint.names, checkpoint.family)
        let (hidden, dimension) = (configuration.hidden, configuration.headDimension)
        let queryWidth = configuration.heads * dimension
        let keyWidth = configuration.keyValueHeads * dimension
        func linear(
            _ name: String, _ outputs: Int, _ inputs: Int, bias: ModelFamily.Presence
        ) throws -> Linear {
            try self.linear(names.layer(index, name), outputs, inputs, bias: bias)
        }
        func norm(_ name: String, _ count: Int, _ presence: ModelFamily.Presence) throws -> Vector? {
            try self.norm(names.layer(index, name), count: count, presence)
        }
        let (preNorm, postNorm): (ModelFamily.Presence, ModelFamily.Presence) = (
            family.hasPreNorms ? .required : .absent, family.hasPostNorms ? .required : .absent
        )
        return DecoderWeights.Layer(
            attentionNorm: try norm(names.attentionNorm, hidden, preNorm),
            query: try linear(names.query, queryWidth, hidden, bias: family.attentionBias),
            key: try linear(names.key, keyWidth, hidden, bias: family.attentionBias),
            value: try linear(names.value, keyWidth, hidden, bias: family.attentionBias),
            queryNorm: try norm(
                names.queryNorm, family.normsHeadsTogether ? queryWidth : dimension, family.headNorm),
            keyNorm: try norm(names.keyNorm, family.normsHeadsTogether ? keyWidth : dimension, family.headNorm),
            output: try linear(names.output, hidden, queryWidth, bias: .optional),
            attentionPostNorm: try norm(names.attentionPostNorm, hidden, postNorm),
            feedForwardNorm: try norm(names.feedForwardNorm, hidden, preNorm),
            feedForward: try feedForward(index, configuration),
            feedForwardPostNorm: try norm(names.feedForwardPostNorm, hidden, postNorm))
    }

    /// - Parameter name: without `.weight` and `.bias`.
    func linear(
        _ name: String, _ outputs: Int, _ inputs: Int, bias: ModelFamily.Presence
    ) throws -> Linear {
        Linear(
            matrix: try matrix(name + ".weight", outputs: outputs, inputs: inputs),
            bias: try vector(name + ".bias", count: outputs, bias))
    }

    private func rope(_ model: ModelConfiguration) throws -> RopeTable {
        let configuration = model.rope
        var name = checkpoint.names.ropeDivisors
        if let long = configuration.longContext {
            let isLong = model.contextTokens > long.originalContext
            let divisors = isLong ? long.longDivisors : long.shortDivisors
            if !divisors.isEmpty { return RopeTable(configuration, divisors: divisors) }
            name = isLong ? checkpoint.names.ropeLongDivisors : checkpoint.names.ropeShortDivisors
        }
        guard let name,
            let divisors = try vector(name, count: configuration.dimension / 2, .optional)
        else {
            return RopeTable(configuration)
        }
        let values = Array(UnsafeBufferPointer(start: divisors.base, count: divisors.count))
        guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw checkpoint.refuse("values of tensor '\(name)'", found: "one that is not", wanted: "positive numbers")
        }
        return RopeTable(configuration, divisors: values)
    }

    /// The embedding's rows say how large the vocabulary is.
    private func embedding(named name: String, hidden: Int) throws -> Matrix {
        let rows = checkpoint.tensors[name]?.shape.first ?? 1
        guard rows <= ModelConfiguration.vocabularyMax else {
            throw checkpoint.refuse(
                "rows of tensor '\(name)'", found: "\(rows)",
                wanted: "at most vocabularyMax = \(ModelConfiguration.vocabularyMax)")
        }
        return try matrix(name, outputs: rows, inputs: hidden)
    }

    private func matrix(_ name: String, outputs: Int, inputs: Int) throws -> Matrix {
        try matrix(checkpoint.requiredTensor(name, shape: [outputs, inputs]), roundsF16: roundsF16)
    }

    /// - Parameter tensor: of two dimensions.
    func matrix(_ tensor: CheckpointTensor) throws -> Matrix { try matrix(tensor, roundsF16: roundsF16) }

    func matrix(_ tensor: CheckpointTensor, roundsF16: Bool) throws -> Matrix {
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        let type = try type(of: tensor)
        let base = try rows(of: tensor)
        if let blas {
            guard
                let matrix = blas.promise(
                    type: type, outputs: outputs, inputs: inputs, rows: base, source: tensor.source)
            else {
                throw checkpoint.refuse(
                    "weights", found: "no memory for tensor '\(tensor.name)' in f32", wanted: "memory for all weights")
            }
            return matrix
        }
        if let matrix = panels.promise(
            type: type, outputs: outputs, inputs: inputs, rows: base, source: tensor.source, roundsF16: roundsF16)
        {
            return Matrix(panels: matrix)
        }
        return Matrix(type: type, outputs: outputs, inputs: inputs, rows: base)
    }

    private func vector(_ name: String, count: Int) throws -> Vector {
        let tensor = try checkpoint.requiredTensor(name, shape: [count])
        let values = arena.allocate(count)
        lk_dequantize_row(try type(of: tensor), try rows(of: tensor), values, count)
        return Vector(base: values, count: count)
    }

    /// The weights of a norm, with what the format leaves out of them.
    private func norm(_ name: String, count: Int) throws -> Vector {
        let tensor = try checkpoint.requiredTensor(name, shape: [count])
        let values = arena.allocate(count)
        lk_dequantize_row(try type(of: tensor), try rows(of: tensor), values, count)
        let offset = checkpoint.normOffset
        if offset != 0 {
            for index in 0..<count { values[index] += offset }
        }
        return Vector(base: values, count: count)
    }

    private func type(of tensor: CheckpointTensor) throws -> lk_type {
        guard let type = tensor.type else {
            throw CheckpointError(
                path: tensor.path, field: "type of tensor '\(tensor.name)'", offset: nil, found: tensor.typeName,
                wanted: "F32, F16 or BF16")
        }
        return type
    }

    /// The values where they lie, or a copy that lives as long as this loader's `gathered`.
    private func rows(of tensor: CheckpointTensor) throws -> UnsafeRawPointer {
        if let whole = tensor.contiguous {
            guard let base = whole.baseAddress, !whole.isEmpty else { throw empty(tensor.name) }
            return base
        }
        guard tensor.byteCount > 0 else { throw empty(tensor.name) }
        return gathered.copy(of: tensor)
    }

    private func vector(_ name: String, count: Int, _ presence: ModelFamily.Presence) throws -> Vector? {
        switch presence {
        case .absent: nil
        case .optional: checkpoint.tensors[name] == nil ? nil : try vector(name, count: count)
        case .required: try vector(name, count: count)
        }
    }

    private func norm(_ name: String, count: Int, _ presence: ModelFamily.Presence) throws -> Vector? {
        switch presence {
        case .absent: nil
        case .optional: checkpoint.tensors[name] == nil ? nil : try norm(name, count: count)
        case .required: try norm(name, count: count)
        }
    }

    private func empty(_ name: String) -> CheckpointError {
        checkpoint.refuse("tensor '\(name)'", found: "no bytes", wanted: "weights")
    }
}

/// Copies of tensors that a checkpoint holds in parts.
final class GatheredTensors: @unchecked Sendable {  // safe: written by one thread before anybody else sees it
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit {
        blocks.forEach { $0.deallocate() }
    }

    func copy(of tensor: CheckpointTensor) -> UnsafeRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: tensor.byteCount, alignment: 64)
        blocks.append(block)
        tensor.gather(to: block)
        return UnsafeRawPointer(block)
    }
}
