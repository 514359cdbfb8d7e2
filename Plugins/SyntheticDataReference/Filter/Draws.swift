/// Numbers that depend on their place alone, and not on what was drawn before: so nothing depends on the order in which
/// candidates come. SplitMix64 (Steele, Lea and Flood 2014), each number the seed of the next.
package struct Draws: Sendable {
    package let seed: Int

    package init(seed: Int) { self.seed = seed }

    /// Evenly spread over [0, 1).
    package func unit(prompt: Int, candidate: Int) -> Double {
        Double(number(UInt64(prompt), UInt64(candidate)) >> 11) * 0x1p-53
    }

    /// The seed by which a candidate is written.
    package func seed(prompt: Int, candidate: Int) -> Int {
        Int(number(UInt64(prompt), ~UInt64(candidate)) >> 11)
    }

    private func number(_ prompt: UInt64, _ candidate: UInt64) -> UInt64 {
        Self.mix(Self.mix(Self.mix(UInt64(bitPattern: Int64(seed))) ^ prompt) ^ candidate)
    }

    /// The first number of the generator with this seed.
    private static func mix(_ seed: UInt64) -> UInt64 {
        var z = seed &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
