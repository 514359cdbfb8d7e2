#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The scaling of rotary frequencies as llama.cpp reads it from a GGUF file (`llama_hparams`, `llama_context` and
/// `rope_yarn`): a type that is not stated is linear, `attn_factor` multiplies what the type gives, and 0 is a factor
/// that is not stated.
///
/// llama.cpp leaves YaRN's betas and extrapolation factor at their defaults for these architectures; what a file states
/// is taken as the paper has it. `llama3` is not llama.cpp's, which has the tensor `rope_freqs.weight` for that.
struct GGUFRopeScaling {
    let keys: CheckpointNumbers
    let type: String?
    /// Whether the file has `rope_freqs.weight`.
    let hasDivisors: Bool
    /// Whether `yarn_log_multiplier` is the `mscale_all_dim` that divides YaRN's magnitude (Mistral 3).
    var dividesMagnitude = false

    func scaling() throws -> RopeConfiguration.Scaling {
        let attention = try keys.number("rope.scaling.attn_factor", above: 0, upTo: 1e3, default: 1)
        switch type ?? "linear" {
        // LongRoPE's divisors are tensors.
        case "none", "longrope": return try yarn(factor: 1, attention: attention, extrapolation: 0)
        case "linear": return try yarn(factor: factor(), attention: attention, extrapolation: 0)
        case "yarn": return try yarn(factor: factor(), attention: attention, extrapolation: 1)
        case "llama3":
            guard attention == 1 else {
                throw keys.refuse("rope.scaling.attn_factor", found: "\(attention)", wanted: "1 with type 'llama3'")
            }
            guard !hasDivisors else {
                throw keys.refuse(
                    "rope.scaling.type", found: "'llama3', and a tensor 'rope_freqs.weight' that scales too",
                    wanted: "one of them")
            }
            return try llama3()
        default:
            throw keys.refuse(
                "rope.scaling.type", found: (type ?? "").quotedForMessage(),
                wanted: "one of none, linear, llama3, yarn, longrope")
        }
    }

    private func factor() throws -> Double {
        for key in ["rope.scaling.factor", "rope.scale_linear"] {
            guard let value = try keys.real(key) else { continue }
            return value == 0 ? 1 : try keys.number(key, above: 0, upTo: 1e6)
        }
        return 1
    }

    /// - Parameter extrapolation: what it is unless the file states one; below 0 counts as not stated.
    private func yarn(
        factor: Double, attention: Double, extrapolation: Double
    ) throws -> RopeConfiguration.Scaling {
        let stated = try keys.real("rope.scaling.yarn_ext_factor") ?? -1
        guard stated <= 1 else {
            throw keys.refuse("rope.scaling.yarn_ext_factor", found: "\(stated)", wanted: "at most 1")
        }
        let extrapolation = stated < 0 ? extrapolation : stated
        // The meaning of these two depends on the program that wrote the file; llama.cpp reads them for other
        // architectures.
        for (key, neutral) in [("rope.scaling.yarn_log_multiplier", 0.0), ("rope.scaling.yarn_attn_factor", 1.0)]
        where neutral != 0 || !dividesMagnitude {
            guard let value = try keys.real(key), value != neutral else { continue }
            throw keys.refuse(key, found: "\(value)", wanted: "\(neutral), or no such key")
        }
        if extrapolation == 0, attention == 1 { return factor == 1 ? .none : .linear(factor: factor) }
        func scaled(_ multiplier: Double) -> Double {
            extrapolation != 0 && factor > 1 ? 0.1 * multiplier * log(factor) + 1 : 1
        }
        let divisor =
            dividesMagnitude
            ? try keys.number("rope.scaling.yarn_log_multiplier", above: -1e-9, upTo: 1e3, default: 0) : 0
        let magnitude = scaled(1) / scaled(divisor)
        let context = Double(try keys.count("context_length", 1...ModelConfiguration.contextTokensMax))
        let original = try keys.real("rope.scaling.original_context_length") ?? 0
        return .yarn(
            factor: factor,
            originalContext: original == 0
                ? context : try keys.number("rope.scaling.original_context_length", above: 0, upTo: 1e9),
            betaFast: try keys.number("rope.scaling.yarn_beta_fast", above: 0, upTo: 1e6, default: 32),
            betaSlow: try keys.number("rope.scaling.yarn_beta_slow", above: 0, upTo: 1e6, default: 1),
            magnitude: attention * magnitude, extrapolation: extrapolation)
    }

    private func llama3() throws -> RopeConfiguration.Scaling {
        let low = try keys.number("rope.scaling.low_freq_factor", above: 0, upTo: 1e6, default: 1)
        return .llama3(
            factor: try keys.number("rope.scaling.factor", above: 0, upTo: 1e6), lowFrequencyFactor: low,
            highFrequencyFactor: try keys.number("rope.scaling.high_freq_factor", above: low, upTo: 1e6, default: 4),
            originalContext: try keys.number("rope.scaling.original_context_length", above: 0, upTo: 1e9))
    }
}
