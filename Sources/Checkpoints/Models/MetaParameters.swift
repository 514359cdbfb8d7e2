import LlamaStackAPI

/// Reads a `ModelConfiguration` from a `params.json`, which says less than a model needs: what it leaves out is known
/// of the models that Meta has released.
struct MetaParameters {
    let path: String
    let json: JSON

    /// `vocabulary` is left at 0: the embedding's shape says it (Llama 1 and 2 give -1).
    func configuration(feedForward: Int) throws -> ModelConfiguration {
        for key in ["quantization_args", "lora_args", "vision_model", "moe_args"]
        where json[key] != nil && json[key] != .null {
            throw refuse(key, found: json[key]?.kind ?? "", wanted: "a model of text alone, as it was trained")
        }
        let keys = CheckpointNumbers(json, path: path)
        let hidden = try keys.count("dim", 1...ModelConfiguration.widthMax)
        let layers = try keys.count("n_layers", 1...ModelConfiguration.layersMax)
        let (heads, keyValueHeads) = try keys.heads("n_heads", keysAndValues: "n_kv_heads")
        guard hidden % heads == 0, hidden / heads % 2 == 0, hidden / heads <= ModelConfiguration.headDimensionMax else {
            throw refuse("dim", found: "\(hidden)", wanted: "an even width for each of the \(heads) heads")
        }
        guard (1...ModelConfiguration.widthMax).contains(feedForward) else {
            throw refuse(
                "dim", found: "a feed-forward width of \(feedForward)",
                wanted: "at most widthMax = \(ModelConfiguration.widthMax)")
        }
        let normEpsilon = try keys.number("norm_eps", above: 0, upTo: 1, default: 1e-5)
        let theta = try keys.number("rope_theta", above: 1, upTo: 1e12, default: 10_000)
        let isScaled = json["use_scaled_rope"] == true
        return ModelConfiguration(
            architecture: ModelFamily.llama.architecture, layers: layers, hidden: hidden, feedForward: feedForward,
            heads: heads, keyValueHeads: keyValueHeads, headDimension: hidden / heads, vocabulary: 0,
            contextTokens: contextTokens(isScaled: isScaled, theta: theta, normEpsilon: normEpsilon),
            normEpsilon: Float(normEpsilon),
            rope: RopeConfiguration(
                theta: theta, dimension: hidden / heads, order: .interleaved,
                scaling: isScaled ? try scaling(keys, hidden: hidden, layers: layers) : .none))
    }

    /// The context that each release was trained for.
    private func contextTokens(isScaled: Bool, theta: Double, normEpsilon: Double) -> Int {
        if isScaled { return 131_072 }  // Llama 3.1 and later
        if theta >= 1e6 { return 16_384 }  // Code Llama
        if theta >= 500_000 { return 8192 }  // Llama 3
        return normEpsilon < 5e-6 ? 2048 : 4096  // Llama 1, Llama 2
    }

    /// Llama 3.1's numbers (Meta's reference code, `apply_scaling`). The small models of 3.2 were trained with a factor
    /// of 32, as their release by Hugging Face says; `rope_scaling_factor` may say another one.
    private func scaling(_ keys: CheckpointNumbers, hidden: Int, layers: Int) throws -> RopeConfiguration.Scaling {
        let isSmall = [(2048, 16), (3072, 28)].contains { $0 == (hidden, layers) }
        return .llama3(
            factor: try keys.number("rope_scaling_factor", above: 0, upTo: 1e6, default: isSmall ? 32 : 8),
            lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)
    }

    private func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: "'\(key)'", offset: nil, found: found, wanted: wanted)
    }
}
