import InferenceCPU
import LlamaEngine
import Parallel
import ProviderKit

/// The `config:` of an `inline::model` entry of `reward_scoring`.
package struct RewardConfiguration: WireRecord, Hashable {
    package var candidatesMax: Int
    package var threads: Int
    package var precision: Precision

    package static let object = Object(
        "RewardConfiguration", isComponent: false, Self.init,
        Field(
            "candidates_max", \.candidatesMax, default: 1_024, check: .within(1...1_000_000),
            "Candidates of one request."),
        Field(
            "threads", \.threads, default: 0, check: .within(0...ThreadPool.threadsMax),
            "Threads that compute a model of the kind head; 0: as many as there are cores for this process."),
        Field(
            "precision", \.precision, default: .quantized,
            "Of a model of the kind head: quantized is fast; exact computes in 32-bit floats throughout."))
}

/// Where a reward comes from.
package enum RewardKind: String, WireEnum {
    /// A model with a head that gives one number.
    case head
    /// The difference of what two models say, which preference optimisation has taught one of them.
    case implicit
}

/// The `config` of a model that belongs to the provider.
package struct RewardModelConfiguration: WireRecord, Hashable {
    package var kind: RewardKind
    package var model: String?
    package var reference: String?
    package var rewardScale: Double

    package static let object = Object(
        "RewardModelConfiguration", isComponent: false, Self.init,
        Field("kind", \.kind, "head or implicit."),
        Field("model", \.model, naming: "model", "Of the kind implicit: the model that was optimised."),
        Field("reference", \.reference, naming: "model", "Of the kind implicit: the model that it was before."),
        Field(
            "reward_scale", \.rewardScale, default: 1, check: Check("above 0") { $0 > 0 },
            "Of the kind implicit: what the difference of the logarithms is multiplied by."))
}
