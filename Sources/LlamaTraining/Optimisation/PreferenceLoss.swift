#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The loss of a pair (DPO, Rafailov et al. 2023, arXiv:2305.18290):
///
///     z = rewardScale ((log π - log π_ref)(chosen) - (log π - log π_ref)(rejected)),  u = clip(z, ±rewardClip) - gamma
///     loss = -(1 - ε) log σ(u) - ε log σ(-u)
///
/// A pair that is right by more than the clip pulls no more; one that is wrong by more pulls as at the clip.
struct PreferenceLoss {
    let settings: PreferenceSettings

    /// The loss, and its derivative by z.
    func value(_ z: Double) -> (loss: Double, slope: Double) {
        let clip = Double(settings.rewardClip)
        let epsilon = Double(settings.epsilon)
        let clipped = clip > 0 ? min(clip, max(-clip, z)) : z
        let u = clipped - Double(settings.gamma)
        let loss = (1 - epsilon) * Self.softplus(-u) + epsilon * Self.softplus(u)
        let isSatisfied = clip > 0 && z > clip
        // σ(u) - (1 - ε)
        let slope = isSatisfied ? 0 : epsilon - 1 / (1 + exp(u))
        return (loss, slope)
    }

    /// log(1 + exp(x)) = -log σ(-x).
    private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
}
