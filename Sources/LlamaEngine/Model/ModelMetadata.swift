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

    func family() throws(ModelError) -> ModelFamily {
        guard let architecture = file.string("general.architecture") else {
            throw error(.missingKey, "has no general.architecture, so it is not a model")
        }
        guard let family = ModelFamily.all.first(where: { $0.architecture == architecture }) else {
            throw error(
                .unknownArchitecture,
                "the architecture '\(architecture.prefix(64))' is not one of those that can be run: "
                    + ModelFamily.architectures.joined(separator: ", "))
        }
        return family
    }

    /// `vocabulary` is left at 0: the embedding's shape says it.
    func configuration(of family: ModelFamily) throws(ModelError) -> ModelConfiguration {
        let keys = Keys(metadata: self, prefix: family.architecture)
        let hidden = try keys.count("embedding_length", 1...ModelConfiguration.widthMax)
        let heads = try keys.count("attention.head_count", 1...ModelConfiguration.headsMax)
        let keyValueHeads = try keys.count("attention.head_count_kv", 1...ModelConfiguration.headsMax, default: heads)
        guard heads % keyValueHeads == 0 else {
            throw error(
                .invalidValue, "\(heads) attention heads cannot share \(keyValueHeads) key/value heads evenly")
        }
        let headDimension = try keys.count(
            "attention.key_length", 1...ModelConfiguration.headDimensionMax,
            default: hidden % heads == 0 ? hidden / heads : nil)
        let valueDimension = try keys.count(
            "attention.value_length", 1...ModelConfiguration.headDimensionMax, default: headDimension)
        guard valueDimension == headDimension else {
            throw error(
                .invalidValue, "heads of values are \(valueDimension) wide and those of keys \(headDimension); "
                    + "only equal widths can be run")
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
            rope: try rope(keys, headDimension: headDimension, order: family.ropeOrder))
    }

    private func rope(
        _ keys: Keys, headDimension: Int, order: RopeConfiguration.Order
    ) throws(ModelError) -> RopeConfiguration {
        let dimension = try keys.count("rope.dimension_count", 2...max(2, headDimension), default: headDimension)
        guard dimension % 2 == 0 else {
            throw error(.invalidValue, "\(keys.name("rope.dimension_count")) is \(dimension); it must be even")
        }
        return RopeConfiguration(
            theta: try keys.number("rope.freq_base", above: 1, upTo: 1e12, default: 10_000),
            dimension: dimension, order: order, scaling: try scaling(keys))
    }

    private func scaling(_ keys: Keys) throws(ModelError) -> RopeConfiguration.Scaling {
        guard let type = file.string(keys.name("rope.scaling.type")) else {
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
                highFrequencyFactor: try keys.number("rope.scaling.high_freq_factor", above: low, upTo: 1e6, default: 4),
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
            throw error(
                .invalidValue, "\(keys.name("rope.scaling.type")) is '\(type.prefix(64))'; "
                    + "known are none, linear, llama3 and yarn")
        }
    }

    private func error(_ code: ModelError.Code, _ message: String) -> ModelError {
        ModelError(code: code, file: file.name, message: message)
    }

    /// The keys of one architecture, each read with the range that it must lie in.
    private struct Keys {
        let metadata: ModelMetadata
        let prefix: String

        func name(_ key: String) -> String { "\(prefix).\(key)" }

        func count(_ key: String, _ range: ClosedRange<Int>, default: Int? = nil) throws(ModelError) -> Int {
            guard metadata.file.has(name(key)) else {
                guard let value = `default` else { throw missing(key) }
                return value
            }
            guard let value = metadata.file.integer(name(key)) else {
                throw metadata.error(.invalidValue, "\(name(key)) must be an integer")
            }
            guard range.contains(value) else {
                throw metadata.error(
                    .invalidValue, "\(name(key)) is \(value); it must be in \(range.lowerBound)...\(range.upperBound)")
            }
            return value
        }

        func number(
            _ key: String, above lower: Double, upTo upper: Double, default: Double? = nil
        ) throws(ModelError) -> Double {
            guard metadata.file.has(name(key)) else {
                guard let value = `default` else { throw missing(key) }
                return value
            }
            guard let value = metadata.file.number(name(key)) else {
                throw metadata.error(.invalidValue, "\(name(key)) must be a number")
            }
            guard value > lower, value <= upper else {
                throw metadata.error(.invalidValue, "\(name(key)) is \(value); it must be in (\(lower), \(upper)]")
            }
            return value
        }

        private func missing(_ key: String) -> ModelError {
            metadata.error(.missingKey, "has no \(name(key))")
        }
    }
}
