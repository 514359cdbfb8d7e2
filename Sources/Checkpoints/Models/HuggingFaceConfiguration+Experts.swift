import LlamaStackAPI

extension HuggingFaceConfiguration {
    /// The mixture of experts, with transformers' own answers where a key is absent.
    func experts(_ keys: CheckpointNumbers, _ mixture: ModelFamily.Mixture) throws -> ExpertConfiguration {
        let widths = 1...ModelConfiguration.widthMax
        let key = mixture.countKeys.first { json[$0] != nil && json[$0] != .null } ?? mixture.countKeys[0]
        let count = try keys.count(key, 1...ExpertConfiguration.countMax)
        return ExpertConfiguration(
            count: count, used: try keys.count("num_experts_per_tok", 1...count),
            width: try keys.count(mixture.widthKey, widths),
            sharedWidth: mixture.hasSharedExpert ? try keys.count("shared_expert_intermediate_size", widths) : 0,
            normalisesWeights: try mixture.normalisesKey.map(flag) ?? mixture.normalisesWeights,
            denseLayers: try denseLayers(keys))
    }

    /// Those that `mlp_only_layers` names, and all but every `decoder_sparse_step`th.
    private func denseLayers(_ keys: CheckpointNumbers) throws -> Set<Int> {
        let layers = try keys.count("num_hidden_layers", 1...ModelConfiguration.layersMax)
        let step = try keys.count("decoder_sparse_step", 1...ModelConfiguration.layersMax, default: 1)
        var dense = Set((0..<layers).filter { ($0 + 1) % step != 0 })
        switch json["mlp_only_layers"] {
        case nil, .null: break
        case .array(let items)?:
            for item in items {
                guard case .integer(let number) = item, let layer = Int(exactly: number), (0..<layers).contains(layer)
                else {
                    throw refuse("mlp_only_layers", found: item.shown, wanted: "layers from 0 to \(layers - 1)")
                }
                dense.insert(layer)
            }
        case let other?: throw refuse("mlp_only_layers", found: other.shown, wanted: "an array of layers")
        }
        return dense
    }

    private func flag(_ key: String) throws -> Bool {
        switch json[key] {
        case nil, .null: return false
        case .bool(let flag)?: return flag
        case let other?: throw refuse(key, found: other.shown, wanted: "true or false")
        }
    }
}
