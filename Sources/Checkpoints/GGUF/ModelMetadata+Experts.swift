extension ModelMetadata {
    /// The mixture of experts, by llama.cpp's keys and with what it takes where one is absent. `denseLayers` is left
    /// empty: no key says them.
    func experts(
        _ keys: CheckpointNumbers, _ mixture: ModelFamily.Mixture, of family: ModelFamily
    ) throws -> ExpertConfiguration {
        let widths = 1...ModelConfiguration.widthMax
        let count = try keys.count("expert_count", 1...ExpertConfiguration.countMax)
        let used = try keys.count("expert_used_count", 1...count)
        let feedForward = try keys.count("feed_forward_length", widths)
        // Mixtral's experts have the width that the architecture states for all.
        let isMixtral = family.architecture == ModelFamily.llama.architecture
        try requirePlainRouter(keys, of: family)
        return ExpertConfiguration(
            count: count, used: used,
            width: isMixtral
                ? feedForward
                : try keys.count("expert_feed_forward_length", widths, default: max(1, feedForward / used)),
            sharedWidth: mixture.hasSharedExpert
                ? try keys.count("expert_shared_feed_forward_length", widths, default: feedForward) : 0,
            normalisesWeights: try file.bool("\(family.architecture).expert_weights_norm") ?? mixture.normalisesWeights)
    }

    /// Refuses keys that ask for another router than a softmax whose probabilities are the weights.
    private func requirePlainRouter(_ keys: CheckpointNumbers, of family: ModelFamily) throws {
        for (key, plain, words) in [
            ("expert_gating_func", [0, 1], "1, softmax"), ("expert_group_count", [0, 1], "1"),
            ("expert_shared_count", [0, 1], "at most 1"),
        ] {
            guard let value = try keys.integer(key), !plain.contains(value) else { continue }
            throw keys.refuse(key, found: "\(value)", wanted: "\(words), as \(family.architecture) has it")
        }
        if let scale = try keys.real("expert_weights_scale"), scale != 0, scale != 1 {
            throw keys.refuse("expert_weights_scale", found: "\(scale)", wanted: "1, or no such key")
        }
    }
}
