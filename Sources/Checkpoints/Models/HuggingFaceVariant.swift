import LlamaStackAPI

/// Reads what a `config.json` says of a family's departures from the plain decoder.
struct HuggingFaceVariant {
    let json: JSON
    let keys: CheckpointNumbers
    let family: ModelFamily
    let layers: Int
    let hidden: Int
    let headDimension: Int
    /// That of layers that see everything.
    let rope: RopeConfiguration

    private var traits: FamilyTraits { family.traits }

    func variant() throws -> DecoderVariant {
        var variant = DecoderVariant()
        variant.activation = traits.activation
        variant.attention = try attention()
        if traits.windowTheta != nil { variant.windowRope = try windowRope() }
        if traits.scalesEmbedding { variant.embeddingScale = Float(hidden).squareRoot() }
        variant.attentionScale = try attentionScale()
        if traits.hasCaps {
            variant.attentionCap = try cap("attn_logit_softcapping")
            variant.logitCap = try cap("final_logit_softcapping")
        }
        if traits.hasScales {
            variant.embeddingScale = try scale("embedding_multiplier")
            variant.residualScale = try scale("residual_multiplier")
            variant.logitScale = 1 / (try scale("logits_scaling"))
        }
        if traits.hasQueryGrowth { variant.queryGrowth = try queryGrowth() }
        variant.hasFusedProducts = family.hasFusedProducts
        return variant
    }

    private func queryGrowth() throws -> DecoderVariant.QueryGrowth? {
        guard let rope = json["rope_parameters"], let beta = rope["llama_4_scaling_beta"], beta != .null, beta != 0
        else { return nil }
        let inner = CheckpointNumbers(rope, path: keys.path, prefix: "rope_parameters.")
        return DecoderVariant.QueryGrowth(
            beta: Float(try inner.number("llama_4_scaling_beta", above: 0, upTo: 1e3)),
            context: try inner.count("original_max_position_embeddings", 1...ModelConfiguration.contextTokensMax))
    }

    private func cap(_ key: String) throws -> Float? {
        guard try keys.real(key) != nil else { return nil }
        return Float(try keys.number(key, above: 0, upTo: 1e6))
    }

    private func scale(_ key: String) throws -> Float { Float(try keys.number(key, above: 0, upTo: 1e6, default: 1)) }

    private func attentionScale() throws -> Float? {
        switch traits.attentionScale {
        case .headDimension: nil
        case .stated:
            1 / Float(try keys.number("query_pre_attn_scalar", above: 0, upTo: 1e9)).squareRoot()
        case .multiplier: Float(try keys.number("attention_multiplier", above: 0, upTo: 1e6))
        }
    }

    // MARK: Layers

    private func attention() throws -> [DecoderVariant.Attention] {
        let windowed = try windowedLayers()
        let turned = try turnedLayers()
        let window = windowed.contains(true) ? try window() : nil
        let hasWindows = window != nil
        guard hasWindows || turned.contains(false) else { return [] }
        return (0..<layers).map { layer in
            let isWindowed = windowed[layer] && hasWindows
            return DecoderVariant.Attention(
                window: isWindowed ? window : nil,
                rotation: !turned[layer] ? .none : windowed[layer] && traits.windowTheta != nil ? .window : .whole)
        }
    }

    /// nil: none is stated, and all layers see everything.
    private func window() throws -> Int? {
        guard let stated = json["sliding_window"], stated != .null else { return nil }
        return try keys.count("sliding_window", 1...ModelConfiguration.contextTokensMax)
    }

    private func windowedLayers() throws -> [Bool] {
        if traits.windows != .none, traits.windows != .refused, let list = json["layer_types"], list != .null {
            return try flags(list, "layer_types") { type in
                switch type.stringValue {
                case "sliding_attention": true
                case "full_attention": false
                default: nil
                }
            }
        }
        switch traits.windows {
        case .none, .refused: return [Bool](repeating: false, count: layers)
        case .all: return [Bool](repeating: true, count: layers)
        case .allBut(let every):
            let period = try keys.count("sliding_window_pattern", 1...ModelConfiguration.layersMax, default: every)
            return (0..<layers).map { ($0 + 1) % period != 0 }
        }
    }

    private func turnedLayers() throws -> [Bool] {
        guard let every = traits.unturnedEvery else { return [Bool](repeating: true, count: layers) }
        if let list = json["no_rope_layers"], list != .null {
            return try flags(list, "no_rope_layers") {
                $0 == 1 || $0 == true ? true : $0 == 0 || $0 == false ? false : nil
            }
        }
        let period = try keys.count("no_rope_layer_interval", 1...ModelConfiguration.layersMax, default: every)
        return (0..<layers).map { ($0 + 1) % period != 0 }
    }

    private func flags(_ list: JSON, _ key: String, _ flag: (JSON) -> Bool?) throws -> [Bool] {
        guard case .array(let items) = list, items.count == layers else {
            throw keys.refuse(
                key, found: list.arrayCount.map { "\($0) items" } ?? list.kind,
                wanted: "one item for each of the \(layers) layers")
        }
        return try items.map { item in
            guard let flag = flag(item) else {
                throw keys.refuse(
                    key, found: item.shown, wanted: "items that this family has: \(Self.items[key] ?? "")")
            }
            return flag
        }
    }

    private static let items = [
        "layer_types": "'sliding_attention', 'full_attention'", "no_rope_layers": "1 (turned), 0 (not)",
    ]

    /// Since version 5 of transformers it stands in `rope_parameters`, before under a key of its own.
    private func windowRope() throws -> RopeConfiguration {
        let stated = json["rope_parameters"]?["sliding_attention"] ?? .object([:])
        if let type = stated["rope_type"]?.stringValue, type != "default" {
            throw keys.refuse(
                "rope_parameters.sliding_attention.rope_type", found: type.quotedForMessage(), wanted: "default")
        }
        let inner = CheckpointNumbers(stated, path: keys.path, prefix: "rope_parameters.sliding_attention.")
        let theta = try inner.number(
            "rope_theta", above: 1, upTo: 1e12,
            default: keys.number("rope_local_base_freq", above: 1, upTo: 1e12, default: traits.windowTheta))
        return RopeConfiguration(theta: theta, dimension: rope.dimension, order: rope.order, scaling: .none)
    }
}

extension JSON {
    fileprivate var arrayCount: Int? {
        if case .array(let items) = self { items.count } else { nil }
    }
}
