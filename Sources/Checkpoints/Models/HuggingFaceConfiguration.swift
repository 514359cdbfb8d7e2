import LlamaStackAPI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads a `ModelConfiguration` from a `config.json`. What it does not know how to compute it refuses: a key that is
/// read over would make the model talk nonsense.
struct HuggingFaceConfiguration {
    let path: String
    /// The settings; in a model of more than text those of its text count before the whole's.
    let json: JSON

    /// `model_type` → the family that computes it.
    private static let families: [(type: String, family: ModelFamily)] = [
        ("llama", .llama), ("mistral", .mistral), ("qwen2", .qwen2), ("qwen3", .qwen3),
        ("qwen3_moe", .qwen3MoE), ("qwen2_moe", .qwen2MoE), ("mixtral", .mixtral),
        ("gemma2", .gemma2), ("gemma3_text", .gemma3), ("gemma3", .gemma3), ("granite", .granite),
        ("ministral", .mistral), ("ministral3", .mistral3), ("mistral3", .mistral), ("olmo2", .olmo2), ("phi3", .phi3),
        ("smollm3", .smollm3),
    ]

    /// Models of more than text, of which the text is served.
    private static let textOf = ["gemma3", "mistral3"]

    init(path: String, json: JSON) {
        self.path = path
        guard Self.textOf.contains(json["model_type"]?.stringValue ?? ""), let text = json["text_config"]?.objectValue,
            var settings = json.objectValue
        else {
            self.json = json
            return
        }
        settings["text_config"] = nil
        settings["vision_config"] = nil
        for member in text.members { settings[member.key] = member.value }
        self.json = .object(settings)
    }

    private var modelType: String? { json["model_type"]?.stringValue }

    func family() throws -> ModelFamily {
        let wanted = "one of " + Self.families.map(\.type).joined(separator: ", ")
        let served = Self.families.first { $0.type == modelType }?.family
        if served?.mixture == nil, let experts = experts {
            let mixtures = Self.families.filter { $0.family.mixture != nil }.map(\.type)
            throw refuse(
                experts.key,
                found: "\(experts.count): a mixture of experts of the type \(json["model_type"]?.shown ?? "unknown")",
                wanted: "a dense model, or a mixture of \(mixtures.joined(separator: " or "))")
        }
        guard let family = served else {
            let isVision = ["vision_config", "audio_config"].contains { json[$0] != nil && json[$0] != .null }
            throw refuse(
                "model_type",
                found: (json["model_type"]?.shown ?? "no such key")
                    + (isVision ? ": a model of more than text" : isMixtureType ? ": a mixture of experts" : ""),
                wanted: wanted)
        }
        if let refusal = QuantisedWeights.refusal(json, path: path) { throw refusal }
        let activations = family.traits.activation.names
        for key in ["hidden_act", "hidden_activation"] {
            guard let activation = json[key]?.stringValue, !activations.contains(activation) else { continue }
            throw refuse(key, found: activation.quotedForMessage(), wanted: activations[0])
        }
        if json["use_bidirectional_attention"] == true {
            throw refuse("use_bidirectional_attention", found: "true", wanted: "false: a model that writes text")
        }
        return family
    }

    /// The settings that are stated, and for others what the family's class in transformers takes for it.
    func settings(of family: ModelFamily) -> JSON {
        guard var settings = json.objectValue else { return json }
        for member in family.traits.defaults.members where settings[member.key] == nil {
            settings[member.key] = member.value
        }
        return .object(settings)
    }

    /// Under the keys that releases give their number. One expert is as good as none.
    private var experts: (key: String, count: Int)? {
        for key in ["num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"] {
            if let count = json[key]?.numberOfThings, count > 1 { return (key, count) }
        }
        return nil
    }

    private var isMixtureType: Bool { modelType.map { $0 == "mixtral" || $0.contains("moe") } ?? false }

    /// `vocabulary` is left at 0: the embedding's shape says it.
    func configuration(of family: ModelFamily) throws -> ModelConfiguration {
        let settings = settings(of: family)
        let keys = CheckpointNumbers(settings, path: path)
        let hidden = try keys.count("hidden_size", 1...ModelConfiguration.widthMax)
        let (heads, keyValueHeads) = try keys.heads("num_attention_heads", keysAndValues: "num_key_value_heads")
        let headDimension = try keys.count(
            "head_dim", 1...ModelConfiguration.headDimensionMax,
            default: hidden % heads == 0 ? hidden / heads : nil)
        let layers = try keys.count("num_hidden_layers", 1...ModelConfiguration.layersMax)
        let rope = try rope(settings, keys, headDimension: headDimension)
        return ModelConfiguration(
            architecture: family.architecture, layers: layers, hidden: hidden,
            feedForward: try keys.count("intermediate_size", 1...ModelConfiguration.widthMax),
            heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, vocabulary: 0,
            contextTokens: try contextTokens(keys),
            normEpsilon: Float(try keys.number("rms_norm_eps", above: 0, upTo: 1)),
            rope: rope,
            experts: try family.mixture.map { try experts(keys, $0) },
            variant: try HuggingFaceVariant(
                json: settings, keys: keys, family: family, layers: layers, hidden: hidden,
                headDimension: headDimension, rope: rope
            ).variant())
    }

    func tiesHead(of family: ModelFamily) throws -> Bool {
        switch settings(of: family)["tie_word_embeddings"] {
        case nil, .null: return false
        case .bool(let flag): return flag
        case .some(let other): throw refuse("tie_word_embeddings", found: other.shown, wanted: "true or false")
        }
    }

    /// In Qwen's models some layers would see a window: attention in it is the same as all of it as long as the text
    /// fits, so it bounds the context.
    private func contextTokens(_ keys: CheckpointNumbers) throws -> Int {
        let positions = try keys.count("max_position_embeddings", 1...ModelConfiguration.contextTokensMax)
        // Mixtral has one only where it says so.
        let isMixtral = modelType == "mixtral" && json["sliding_window"] != nil
        guard isMixtral || json["use_sliding_window"] == true, json["sliding_window"] != .null else { return positions }
        // What transformers takes where the key is absent.
        let window = try keys.count("sliding_window", 1...ModelConfiguration.contextTokensMax, default: 4096)
        return min(positions, window)
    }

    private func rope(_ settings: JSON, _ keys: CheckpointNumbers, headDimension: Int) throws -> RopeConfiguration {
        // Since version 5 of transformers all of it stands in `rope_parameters`, before in `rope_scaling` and beside
        // it. Where layers differ it has an object for each kind.
        let place = ["rope_parameters", "rope_scaling"].first { settings[$0] != nil && settings[$0] != .null }
        var parameters = place.flatMap { settings[$0] } ?? .object([:])
        var prefix = place.map { $0 + "." } ?? ""
        if let whole = parameters["full_attention"] {
            parameters = whole
            prefix += "full_attention."
        }
        guard parameters.objectValue != nil else {
            throw refuse(place ?? "", found: parameters.shown, wanted: "an object")
        }
        let inner = CheckpointNumbers(parameters, path: path, prefix: prefix)
        let fraction =
            try inner.number(
                "partial_rotary_factor", above: 0, upTo: 1,
                default: keys.number("partial_rotary_factor", above: 0, upTo: 1, default: 1))
        let dimension = Int(Double(headDimension) * fraction)
        guard dimension >= 2, dimension % 2 == 0 else {
            throw refuse("head_dim", found: "\(dimension) values to turn", wanted: "an even number")
        }
        return RopeConfiguration(
            theta: try inner.number(
                "rope_theta", above: 1, upTo: 1e12,
                default: keys.number("rope_theta", above: 1, upTo: 1e12, default: 10_000)),
            dimension: dimension, order: .half, scaling: try scaling(parameters, inner, keys),
            longContext: try LongRopeSettings(parameters: parameters, inner: inner, keys: keys, dimension: dimension)
                .longContext())
    }

    private func scaling(
        _ parameters: JSON, _ inner: CheckpointNumbers, _ keys: CheckpointNumbers
    ) throws -> RopeConfiguration.Scaling {
        let type = (parameters["rope_type"] ?? parameters["type"])?.stringValue ?? "default"
        switch type {
        case "default":
            return .none
        case "linear":
            return .linear(factor: try inner.number("factor", above: 0, upTo: 1e6))
        case "llama3":
            let low = try inner.number("low_freq_factor", above: 0, upTo: 1e6)
            return .llama3(
                factor: try inner.number("factor", above: 0, upTo: 1e6), lowFrequencyFactor: low,
                highFrequencyFactor: try inner.number("high_freq_factor", above: low, upTo: 1e6),
                originalContext: try inner.number("original_max_position_embeddings", above: 0, upTo: 1e9))
        case "yarn":
            if let truncate = parameters["truncate"], truncate != .null, truncate != true {
                throw inner.refuse("truncate", found: truncate.shown, wanted: "YaRN without it")
            }
            let positions = try keys.number("max_position_embeddings", above: 0, upTo: 1e9)
            let original = try inner.number(
                "original_max_position_embeddings", above: 0, upTo: 1e9, default: positions)
            let factor = try inner.number("factor", above: 0, upTo: 1e6, default: positions / original)
            return .yarn(
                factor: factor, originalContext: original,
                betaFast: try inner.number("beta_fast", above: 0, upTo: 1e6, default: 32),
                betaSlow: try inner.number("beta_slow", above: 0, upTo: 1e6, default: 1),
                magnitude: try inner.number(
                    "attention_factor", above: 0, upTo: 1e3, default: Self.magnitude(factor, inner)))
        case "longrope", "su":
            return try LongRopeSettings(parameters: parameters, inner: inner, keys: keys, dimension: 0).scaling()
        default:
            throw inner.refuse(
                "rope_type", found: type.quotedForMessage(), wanted: "one of default, linear, llama3, yarn, longrope")
        }
    }

    /// Where no `attention_factor` replaces it (transformers, `_compute_yarn_parameters`).
    private static func magnitude(_ factor: Double, _ keys: CheckpointNumbers) throws -> Double {
        func scaled(_ multiplier: Double) -> Double { factor > 1 ? 0.1 * multiplier * log(factor) + 1 : 1 }
        // 0 counts as absent.
        let (one, all) = (try keys.real("mscale") ?? 0, try keys.real("mscale_all_dim") ?? 0)
        guard one != 0, all != 0 else { return scaled(1) }
        for key in ["mscale", "mscale_all_dim"] { _ = try keys.number(key, above: 0, upTo: 1e3) }
        return scaled(one) / scaled(all)
    }

    func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: "'\(key)'", offset: nil, found: found, wanted: wanted)
    }
}

extension DecoderVariant.Activation {
    /// In a `config.json`, the usual one first.
    fileprivate var names: [String] {
        switch self {
        case .silu: ["silu", "swish"]
        case .geluTanh: ["gelu_pytorch_tanh", "gelu_new", "gelu_fast"]
        }
    }
}
