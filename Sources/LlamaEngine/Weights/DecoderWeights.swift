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
        package let feedForward: FeedForward
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

    var matrices: [Matrix] {
        [embedding, head] + layers.flatMap { $0.attentionMatrices + $0.feedForward.matrices }
    }

    /// As many as one token goes through: of experts those that each uses.
    var layerMatrices: [Matrix] { layers.flatMap { $0.attentionMatrices + $0.feedForward.matricesOfToken } }

    /// Activations that the first products of experts take.
    func expertInputs(_ precision: Precision) -> Set<Matrix.Activations> {
        var inputs: Set<Matrix.Activations> = []
        for case .experts(let experts) in layers.map(\.feedForward) {
            let networks = experts.networks + (experts.shared.map { [$0.network] } ?? [])
            for network in networks {
                inputs.insert(network.gate.matrix.activations(precision))
                inputs.insert(network.up.matrix.activations(precision))
            }
        }
        return inputs
    }

    /// Whether some layer is a mixture of experts.
    package var hasExperts: Bool { layers.contains { $0.feedForward.dense == nil } }

    /// The weights that are read after the products of each stage of each layer, [layers, stages of a layer].
    var readNext: [(first: UnsafeRawBufferPointer, second: UnsafeRawBufferPointer?)] {
        layers.enumerated().flatMap { index, layer in
            let last = index + 1 < layers.count ? layers[index + 1].query.matrix : head
            let (first, second) = layer.feedForward.first
            // Which experts are read next is not known before the router has been asked.
            let down = layer.feedForward.dense?.down.matrix.panelMemory
            return [
                (layer.output.matrix.panelMemory, nil), (first.panelMemory, second?.panelMemory),
                (down ?? UnsafeRawBufferPointer(start: nil, count: 0), nil), (last.panelMemory, nil),
            ]
        }
    }

    /// Whether some matrix still lies in the checkpoint.
    var hasMatricesInRows: Bool { matrices.contains(where: \.isInRows) }

    /// Whether some product takes such activations at best.
    func has(_ activations: Matrix.Activations) -> Bool { matrices.contains { $0.narrowest == activations } }
}

extension DecoderWeights.Layer {
    fileprivate var attentionMatrices: [Matrix] { [query, key, value, output].map(\.matrix) }
}
