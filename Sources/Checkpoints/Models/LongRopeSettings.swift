import LlamaStackAPI

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// LongRoPE in a `config.json`, as transformers reads it (`_compute_longrope_parameters`): `rope_type` is `longrope`,
/// or `su` in older ones.
struct LongRopeSettings {
    let parameters: JSON
    let inner: CheckpointNumbers
    let keys: CheckpointNumbers
    /// Values of a head that are turned.
    let dimension: Int

    /// nil: the rotation is another one.
    func longContext() throws -> RopeConfiguration.LongContext? {
        let type = (parameters["rope_type"] ?? parameters["type"])?.stringValue
        guard type == "longrope" || type == "su" else { return nil }
        return RopeConfiguration.LongContext(
            originalContext: try originalContext(), shortDivisors: try divisors("short_factor"),
            longDivisors: try divisors("long_factor"))
    }

    /// The factor of cosines and sines, in the words that other scalings have for it.
    func scaling() throws -> RopeConfiguration.Scaling {
        let original = try Double(originalContext())
        let positions = Double(
            try keys.count("max_position_embeddings", 1...ModelConfiguration.contextTokensMax))
        let factor = try inner.number("factor", above: 0, upTo: 1e6, default: positions / original)
        let usual = factor <= 1 || original <= 1 ? 1 : (1 + log(factor) / log(original)).squareRoot()
        let magnitude = try inner.number("attention_factor", above: 0, upTo: 1e3, default: usual)
        return .magnified(by: magnitude)
    }

    /// Beside the other settings, where Phi 3 has it, or with those of the rotation.
    private func originalContext() throws -> Int {
        let key = "original_max_position_embeddings"
        let range = 1...ModelConfiguration.contextTokensMax
        guard try inner.integer(key) == nil else { return try inner.count(key, range) }
        return try keys.count(key, range)
    }

    private func divisors(_ key: String) throws -> [Float] {
        guard case .array(let items)? = parameters[key], items.count == dimension / 2 else {
            throw inner.refuse(
                key, found: parameters[key].map { $0.kind } ?? "no such key",
                wanted: "a list of \(dimension / 2) numbers, one for each pair of values that is turned")
        }
        return try items.map { item in
            guard let number = item.numberValue, number > 0, number <= 1e6 else {
                throw inner.refuse(key, found: item.shown, wanted: "numbers above 0 and at most 1e6")
            }
            return Float(number)
        }
    }
}

extension RopeConfiguration.Scaling {
    /// Plain frequencies, with cosines and sines multiplied.
    static func magnified(by magnitude: Double) -> Self {
        guard magnitude != 1 else { return .none }
        return .yarn(
            factor: 1, originalContext: 1, betaFast: 32, betaSlow: 1, magnitude: magnitude, extrapolation: 0)
    }
}
