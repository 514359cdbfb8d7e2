/// Tensors that hold several products, one below the other, cut into the rows of each.
struct FusedProducts {
    let names: WeightNames
    let configuration: ModelConfiguration
    let path: String

    /// `tensors` with those of each product in the place of the fused ones. Nothing is copied.
    /// Layers that have a tensor for each product stay as they are.
    /// - Throws: `CheckpointError` when a fused tensor is missing or has another shape than the products together.
    func separate(_ tensors: [String: CheckpointTensor]) throws(CheckpointError) -> [String: CheckpointTensor] {
        var tensors = tensors
        let c = configuration
        let (queries, keys) = (c.heads * c.headDimension, c.keyValueHeads * c.headDimension)
        for layer in 0..<c.layers {
            try cut(
                names.fusedAttention, [(names.query, queries), (names.key, keys), (names.value, keys)], layer, &tensors)
            try cut(
                names.fusedFeedForward, [(names.gate, c.feedForward), (names.up, c.feedForward)], layer, &tensors)
        }
        return tensors
    }

    private func cut(
        _ fused: String, _ products: [(name: String, outputs: Int)], _ layer: Int,
        _ tensors: inout [String: CheckpointTensor]
    ) throws(CheckpointError) {
        guard tensors[names.layer(layer, products[0].name + ".weight")] == nil else { return }
        let name = names.layer(layer, fused + ".weight")
        let wanted = [products.reduce(0) { $0 + $1.outputs }, configuration.hidden]
        guard let whole = tensors.removeValue(forKey: name) else {
            throw refuse(name, "no such tensor", "one of shape \(wanted), outputs first")
        }
        guard whole.shape == wanted else {
            throw refuse(
                name, "shape \(whole.shape)",
                "\(wanted), outputs first: \(products.map { String($0.outputs) }.joined(separator: " + ")) of them")
        }
        var start = 0
        for (product, outputs) in products {
            let own = names.layer(layer, product + ".weight")
            guard let rows = whole.rows(start..<start + outputs, named: own) else {
                throw refuse(name, "weights of type \(whole.typeName)", "F32, F16, BF16 or a type of a GGUF file")
            }
            tensors[own] = rows
            start += outputs
        }
    }

    private func refuse(_ name: String, _ found: String, _ wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: "tensor '\(name)'", offset: nil, found: found, wanted: wanted)
    }
}
