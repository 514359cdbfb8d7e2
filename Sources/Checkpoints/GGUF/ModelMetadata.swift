#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads a `ModelConfiguration` from a GGUF file's metadata.
struct ModelMetadata {
    private let file: GGUFFile

    init(_ file: GGUFFile) {
        self.file = file
    }

    func family() throws -> ModelFamily {
        let key = "general.architecture"
        let architecture = try file.requiredString(key)
        guard let family = ModelFamily.all.first(where: { $0.architecture == architecture }) else {
            throw refuse(
                key, found: architecture.quotedForMessage(),
                wanted: "one of " + ModelFamily.architectures.joined(separator: ", "))
        }
        return family
    }

    /// `vocabulary` is left at 0: the embedding's shape says it.
    func configuration(of family: ModelFamily) throws -> ModelConfiguration {
        let keys = numbers(of: family)
        let hidden = try keys.count("embedding_length", 1...ModelConfiguration.widthMax)
        let (heads, keyValueHeads) = try keys.heads("attention.head_count", keysAndValues: "attention.head_count_kv")
        let headDimension = try keys.count(
            "attention.key_length", 1...ModelConfiguration.headDimensionMax,
            default: hidden % heads == 0 ? hidden / heads : nil)
        let valueDimension = try keys.count(
            "attention.value_length", 1...ModelConfiguration.headDimensionMax, default: headDimension)
        guard valueDimension == headDimension else {
            throw keys.refuse(
                "attention.value_length", found: "\(valueDimension)",
                wanted: "the width of the keys' heads, \(headDimension)")
        }
        return ModelConfiguration(
            architecture: family.architecture,
            layers: try keys.count("block_count", 1...ModelConfiguration.layersMax),
            hidden: hidden,
            feedForward: try keys.count("feed_forward_length", 1...ModelConfiguration.widthMax),
            heads: heads,
            keyValueHeads: keyValueHeads,
            headDimension: headDimension,
            vocabulary: 0,
            contextTokens: try keys.count("context_length", 1...ModelConfiguration.contextTokensMax),
            normEpsilon: Float(try keys.number("attention.layer_norm_rms_epsilon", above: 0, upTo: 1)),
            rope: try rope(keys, headDimension: headDimension, of: family))
    }

    private func rope(
        _ keys: CheckpointNumbers, headDimension: Int, of family: ModelFamily
    ) throws -> RopeConfiguration {
        let dimension = try keys.count("rope.dimension_count", 2...max(2, headDimension), default: headDimension)
        guard dimension % 2 == 0 else {
            throw keys.refuse("rope.dimension_count", found: "\(dimension)", wanted: "an even number")
        }
        return RopeConfiguration(
            theta: try keys.number("rope.freq_base", above: 1, upTo: 1e12, default: 10_000),
            dimension: dimension, order: family.ropeOrder,
            scaling: try scaling(keys, type: file.string("\(family.architecture).rope.scaling.type")))
    }

    private func scaling(_ keys: CheckpointNumbers, type: String?) throws -> RopeConfiguration.Scaling {
        guard let type else {
            let factor = try keys.number("rope.scale_linear", above: 0, upTo: 1e6, default: 1)
            return factor == 1 ? .none : .linear(factor: factor)
        }
        switch type {
        case "none":
            return .none
        case "linear":
            return .linear(factor: try keys.number("rope.scaling.factor", above: 0, upTo: 1e6))
        case "llama3":
            let low = try keys.number("rope.scaling.low_freq_factor", above: 0, upTo: 1e6, default: 1)
            return .llama3(
                factor: try keys.number("rope.scaling.factor", above: 0, upTo: 1e6),
                lowFrequencyFactor: low,
                highFrequencyFactor: try keys.number(
                    "rope.scaling.high_freq_factor", above: low, upTo: 1e6, default: 4),
                originalContext: try keys.number("rope.scaling.original_context_length", above: 0, upTo: 1e9))
        case "yarn":
            let factor = try keys.number("rope.scaling.factor", above: 0, upTo: 1e6)
            return .yarn(
                factor: factor,
                originalContext: try keys.number("rope.scaling.original_context_length", above: 0, upTo: 1e9),
                betaFast: try keys.number("rope.scaling.yarn_beta_fast", above: 0, upTo: 1e6, default: 32),
                betaSlow: try keys.number("rope.scaling.yarn_beta_slow", above: 0, upTo: 1e6, default: 1),
                magnitude: try keys.number(
                    "rope.scaling.attn_factor", above: 0, upTo: 1e3, default: factor > 1 ? 0.1 * log(factor) + 1 : 1))
        default:
            throw keys.refuse(
                "rope.scaling.type", found: type.quotedForMessage(),
                wanted: "one of none, linear, llama3, yarn")
        }
    }

    /// The keys of one architecture.
    private func numbers(of family: ModelFamily) -> CheckpointNumbers {
        let name = { (key: String) in "\(family.architecture).\(key)" }
        return CheckpointNumbers(
            path: file.path, field: { "metadata '\(name($0))'" }, integer: { try file.int(name($0)) },
            real: { try file.float(name($0)) })
    }

    private func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: file.path, field: "metadata '\(key)'", offset: nil, found: found, wanted: wanted)
    }
}
