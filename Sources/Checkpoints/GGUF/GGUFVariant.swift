import LlamaStackAPI

/// Reads what a GGUF file's metadata says of a family's departures from the plain decoder. The keys are llama.cpp's,
/// and so is what counts where one is missing (`load_arch_hparams` of each of its models).
struct GGUFVariant {
    let file: GGUFFile
    let keys: CheckpointNumbers
    let family: ModelFamily
    let layers: Int
    let hidden: Int
    let heads: Int
    let headDimension: Int
    /// That of layers that see everything.
    let rope: RopeConfiguration

    private var traits: FamilyTraits { family.traits }

    func variant() throws -> DecoderVariant {
        var variant = DecoderVariant()
        variant.activation = traits.activation
        variant.attention = try attention()
        if let theta = traits.windowTheta {
            variant.windowRope = RopeConfiguration(
                theta: try keys.number("rope.freq_base_swa", above: 1, upTo: 1e12, default: theta),
                dimension: rope.dimension, order: rope.order, scaling: .none)
        }
        if traits.scalesEmbedding { variant.embeddingScale = Float(hidden).squareRoot() }
        variant.attentionScale = try attentionScale()
        if traits.hasCaps {
            variant.attentionCap = try cap("attn_logit_softcapping", traits.defaults["attn_logit_softcapping"])
            variant.logitCap = try cap("final_logit_softcapping", traits.defaults["final_logit_softcapping"])
        }
        if traits.hasScales {
            variant.embeddingScale = try scale("embedding_scale")
            variant.residualScale = try scale("residual_scale")
            variant.logitScale = 1 / (try scale("logit_scale"))
        }
        if traits.hasQueryGrowth { variant.queryGrowth = try queryGrowth() }
        variant.hasFusedProducts = family.hasFusedProducts
        return variant
    }

    private func queryGrowth() throws -> DecoderVariant.QueryGrowth? {
        guard let stated = try keys.real("attention.temperature_scale"), stated != 0 else { return nil }
        let (range, original) = (1...ModelConfiguration.contextTokensMax, "rope.scaling.original_context_length")
        let context = try keys.count("context_length", range)
        return DecoderVariant.QueryGrowth(
            beta: Float(try keys.number("attention.temperature_scale", above: 0, upTo: 1e3)),
            context: try keys.count(
                "attention.temperature_length", range, default: keys.count(original, range, default: context)))
    }

    /// 0 counts as not stated, as it does in llama.cpp.
    private func cap(_ key: String, _ usual: JSON?) throws -> Float? {
        let stated = try keys.real(key)
        if stated == 0 { return nil }
        guard stated != nil || usual?.numberValue != nil else { return nil }
        return Float(try keys.number(key, above: 0, upTo: 1e6, default: usual?.numberValue))
    }

    private func scale(_ key: String) throws -> Float {
        guard let stated = try keys.real(key), stated != 0 else { return 1 }
        return Float(try keys.number(key, above: 0, upTo: 1e6))
    }

    private func attentionScale() throws -> Float? {
        switch traits.attentionScale {
        case .headDimension: return nil
        case .stated(let byHeadsAt):
            guard layers == byHeadsAt else { return nil }
            return 1 / Float(hidden / heads).squareRoot()
        case .multiplier:
            guard let stated = try keys.real("attention.scale"), stated != 0 else { return nil }
            return Float(try keys.number("attention.scale", above: 0, upTo: 1e6))
        }
    }

    private func attention() throws -> [DecoderVariant.Attention] {
        let windowed = try windowedLayers()
        let window = windowed.contains(true) ? try window() : nil
        let turned = (0..<layers).map { layer in traits.unturnedEvery.map { (layer + 1) % $0 != 0 } ?? true }
        let hasWindows = window != nil
        guard hasWindows || turned.contains(false) else { return [] }
        return (0..<layers).map { layer in
            let isWindowed = windowed[layer] && hasWindows
            return DecoderVariant.Attention(
                window: isWindowed ? window : nil,
                rotation: !turned[layer] ? .none : isWindowed && traits.windowTheta != nil ? .window : .whole)
        }
    }

    /// nil: none is stated, and all layers see everything.
    private func window() throws -> Int? {
        guard let stated = try keys.integer("attention.sliding_window") else { return traits.usualWindow }
        if stated == 0 { return nil }
        return try keys.count("attention.sliding_window", 1...ModelConfiguration.contextTokensMax)
    }

    /// The pattern is a period, or true for each layer that sees a window.
    private func windowedLayers() throws -> [Bool] {
        let key = "attention.sliding_window_pattern"
        if traits.windows != .none, case .numbers(let list)? = file.metadata["\(family.architecture).\(key)"] {
            guard list.count == layers, let flags = list.flags() else {
                throw keys.refuse(
                    key, found: "\(list.count) \(list.type.name)",
                    wanted: "true or false for each of the \(layers) layers")
            }
            return flags
        }
        switch traits.windows {
        case .none: return [Bool](repeating: false, count: layers)
        case .refused:
            guard let window = try keys.integer("attention.sliding_window"), window != 0 else {
                return [Bool](repeating: false, count: layers)
            }
            throw keys.refuse("attention.sliding_window", found: "\(window)", wanted: "0, or no such key")
        case .all: return [Bool](repeating: true, count: layers)
        case .allBut(let every):
            let period = try keys.count(key, 1...ModelConfiguration.layersMax, default: every)
            return (0..<layers).map { ($0 + 1) % period != 0 }
        }
    }
}
