/// The weights of a decoder-only transformer with RMSNorm, rotary positions, grouped queries and a gated feed-forward
/// part. What a family does not have is nil.
package struct DecoderWeights: Sendable {
    package struct Layer: Sendable {
        package let attentionNorm: Vector?
        package let query: Linear
        package let key: Linear
        package let value: Linear
        /// Applied to each head, [headDimension]; or to all at once, [heads * headDimension].
        package let queryNorm: Vector?
        package let keyNorm: Vector?
        package let output: Linear
        /// Applied to what attention gives, [hidden], before it is added to the residual stream.
        package let attentionPostNorm: Vector?
        package let feedForwardNorm: Vector?
        package let gate: Linear
        package let up: Linear
        package let down: Linear
        /// As `attentionPostNorm`.
        package let feedForwardPostNorm: Vector?
    }

    /// [vocabulary, hidden]
    package let embedding: Matrix
    package let layers: [Layer]
    package let finalNorm: Vector
    /// [vocabulary, hidden]; the embedding itself where the checkpoint ties them.
    package let head: Matrix
    /// Whether head and embedding are one.
    package let tiesHead: Bool
    package let rope: RopeTable
    /// That of layers with one of their own (`DecoderVariant.Attention.Rotation.window`).
    let windowRope: RopeTable?

    var matrices: [Matrix] { [embedding, head] + layerMatrices }

    /// Those that every token goes through.
    var layerMatrices: [Matrix] {
        layers.flatMap { layer in
            [layer.query, layer.key, layer.value, layer.output, layer.gate, layer.up, layer.down].map(\.matrix)
        }
    }

    /// The weights that are read after the products of each stage of each layer, [layers, stages of a layer].
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
