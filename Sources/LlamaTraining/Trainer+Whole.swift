import Checkpoints

extension Trainer {
    /// Every weight of a `full` run under the name that it has in a checkpoint of this form, in the base's own order of
    /// rows; none for an adapter. The head of a base that ties it is its embedding.
    package func weights(named names: WeightNames) -> [TrainedTensor] {
        decoder.parameters.compactMap { parameter in
            weightName(of: parameter.name, in: names).map { name in
                TrainedTensor(name, parameter.shape) { parameter.released(parameter.values) }
            }
        }
    }

    /// The name in a checkpoint of a tensor of ``state``: `layers.3.q_proj.weight` in the checkpoint's own words. nil
    /// for what is no weight of a `full` run.
    package func weightName(of tensor: String, in names: WeightNames) -> String? {
        guard settings.algorithm == .full else { return nil }
        switch tensor {
        case "embedding.weight": return names.embedding
        case "norm.weight": return names.finalNorm
        case "lm_head.weight": return names.head
        default: break
        }
        let parts = tensor.split(separator: ".").map(String.init)
        guard parts.count == 4, let layer = Int(parts[1]) else { return nil }
        let products = [
            "q_proj": names.query, "k_proj": names.key, "v_proj": names.value, "o_proj": names.output,
            "gate_proj": names.gate, "up_proj": names.up, "down_proj": names.down,
        ]
        let norms = [
            "attention_norm": names.attentionNorm, "feed_forward_norm": names.feedForwardNorm,
            "q_norm": names.queryNorm, "k_norm": names.keyNorm,
        ]
        let name = norms[parts[2]] ?? products[parts[2]].map { "\($0).\(parts[3])" }
        return name.map { names.layer(layer, $0) }
    }
}
