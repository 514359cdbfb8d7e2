import LlamaStackAPI

/// The making of a family's `DecoderVariant`: which settings its checkpoints state, and what counts where one is not
/// stated.
struct FamilyTraits: Sendable {
    /// Which layers see a window of positions, where a checkpoint does not list them.
    enum WindowLayers: Sendable, Equatable {
        case none
        /// All, where a window is stated.
        case all
        /// All but every n-th.
        case allBut(every: Int)
        /// A window makes it another model, which is not served.
        case refused
    }

    /// The factor of scores.
    enum AttentionScale: Sendable, Equatable {
        case headDimension
        /// 1 / sqrt of the setting `query_pre_attn_scalar`. GGUF files do not have it: it is the dimension of a head
        /// but in the model of this many layers, where it is hidden / heads.
        case stated(byHeadsAt: Int)
        /// The setting `attention_multiplier` itself.
        case multiplier
    }

    var activation = DecoderVariant.Activation.silu
    /// Whether rows of the embedding are multiplied by sqrt(hidden).
    var scalesEmbedding = false
    var windows = WindowLayers.none
    /// The window of GGUF files that state none; nil: none.
    var usualWindow: Int?
    /// The base of the rotation of layers that see a window, where it is one of its own.
    var windowTheta: Double?
    /// Every n-th layer does not tell positions apart.
    var unturnedEvery: Int?
    var attentionScale = AttentionScale.headDimension
    /// Whether scores and logits may have caps.
    var hasCaps = false
    /// Whether queries may grow with their position (`DecoderVariant.QueryGrowth`).
    var hasQueryGrowth = false
    /// Whether a GGUF file's `yarn_log_multiplier` is known to be transformers' `mscale_all_dim`.
    var dividesMagnitude = false
    /// Whether embedding, residual stream and logits have scales that are stated (Granite).
    var hasScales = false
    /// Settings of a `config.json` that count where it does not state them: the defaults of the family's class in
    /// transformers.
    var defaults: JSONObject = [:]
}
