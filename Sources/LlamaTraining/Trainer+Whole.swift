import Checkpoints

extension Trainer {
    /// Hands out every weight of a `full` run under the name that it has in a checkpoint of this form, in the base's
    /// own order of rows; nothing for an adapter. The head of a base that ties it is its embedding.
    package func weights(
        named names: WeightNames, to write: (_ name: String, _ shape: [Int], _ numbers: [Float]) throws -> Void
    ) rethrows {
        guard settings.algorithm == .full else { return }
        for parameter in decoder.parameters {
            try write(
                Self.name(of: parameter.name, in: names), parameter.shape, parameter.released(parameter.values))
        }
    }

    /// `layers.3.q_proj.weight` in a checkpoint's own words.
    private static func name(of parameter: String, in names: WeightNames) -> String {
        switch parameter {
        case "embedding.weight": return names.embedding
        case "norm.weight": return names.finalNorm
        case "lm_head.weight": return names.head
        default: break
        }
        let parts = parameter.split(separator: ".").map(String.init)
        guard parts.count == 4, let layer = Int(parts[1]) else { return parameter }
        let products = [
            "q_proj": names.query, "k_proj": names.key, "v_proj": names.value, "o_proj": names.output,
            "gate_proj": names.gate, "up_proj": names.up, "down_proj": names.down,
        ]
        let norms = [
            "attention_norm": names.attentionNorm, "feed_forward_norm": names.feedForwardNorm,
            "q_norm": names.queryNorm, "k_norm": names.keyNorm,
        ]
        return names.layer(layer, norms[parts[2]] ?? "\(products[parts[2]] ?? parts[2]).\(parts[3])")
    }
}
