/// The weights of a decoder-only transformer with RMSNorm, rotary positions, grouped queries and SwiGLU. What a family
/// does not have is nil.
struct DecoderWeights: Sendable {
    struct Layer: Sendable {
        let attentionNorm: Vector
        let query: Linear
        let key: Linear
        let value: Linear
        /// Applied to each head, [headDimension].
        let queryNorm: Vector?
        let keyNorm: Vector?
        let output: Linear
        let feedForwardNorm: Vector
        let gate: Linear
        let up: Linear
        let down: Linear
    }

    /// [vocabulary, hidden]
    let embedding: Matrix
    let layers: [Layer]
    let finalNorm: Vector
    /// [vocabulary, hidden]; the embedding itself where the checkpoint ties them.
    let head: Matrix
    let rope: RopeTable

    private var matrices: [Matrix] {
        [embedding, head]
            + layers.flatMap { layer in
                [layer.query, layer.key, layer.value, layer.output, layer.gate, layer.up, layer.down].map(\.matrix)
            }
    }

    /// The weights that are read after the products of each stage of each layer, [layers, `AdapterStage`s].
    var readNext: [(first: UnsafeRawBufferPointer, second: UnsafeRawBufferPointer?)] {
        layers.enumerated().flatMap { index, layer in
            let last = index + 1 < layers.count ? layers[index + 1].query.matrix : head
            return [
                (layer.output.matrix.panelMemory, nil), (layer.gate.matrix.panelMemory, layer.up.matrix.panelMemory),
                (layer.down.matrix.panelMemory, nil), (last.panelMemory, nil),
            ]
        }
    }

    /// Whether some matrix still lies in the checkpoint.
    var hasMatricesInRows: Bool { matrices.contains(where: \.isInRows) }

    /// Whether some product takes such activations at best.
    func has(_ activations: Matrix.Activations) -> Bool { matrices.contains { $0.narrowest == activations } }
}
