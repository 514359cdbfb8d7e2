/// The way in which a model is fine-tuned.
public enum FinetuningAlgorithm: String, WireEnum {
    /// All weights are trained; there is no adapter.
    case full
    /// A low-rank adapter: ``LoraFinetuningConfig``.
    case lora
    /// A low-rank adapter on 4-bit weights: ``QLoraFinetuningConfig``.
    case qlora
    /// A low-rank adapter of the direction and trained magnitudes: ``DoraFinetuningConfig``.
    case dora
}

/// Low-rank adapters (Hu et al. 2021, arXiv:2106.09685).
public struct LoraFinetuningConfig: WireRecord, Hashable {
    /// The names of the attention projections that get adapters, such as `q_proj` and `v_proj`.
    public var loraAttnModules: [String]
    /// Whether the projections of the MLP get adapters too.
    public var applyLoRAToMLP: Bool
    /// Whether the output (vocabulary) projection gets an adapter too.
    public var applyLoRAToOutput: Bool
    /// The rank of the adapter's two matrices.
    public var rank: Int
    /// The scale of the update: it is multiplied by alpha / rank.
    public var alpha: Int

    /// Creates the record: the draft has no defaults for it. Ranges are checked by the provider.
    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "LoraFinetuningConfig", Self.init,
        Field(
            "lora_attn_modules", \.loraAttnModules, "The attention projections that get adapters, as q_proj, v_proj."),
        Field("apply_lora_to_mlp", \.applyLoRAToMLP, "Adapters on the MLP projections too."),
        Field("apply_lora_to_output", \.applyLoRAToOutput, "An adapter on the output projection too."),
        Field("rank", \.rank, "The adapter's rank."),
        Field("alpha", \.alpha, "The update is scaled by alpha / rank."))
}

/// Low-rank adapters on 4-bit weights (Dettmers et al. 2023, arXiv:2305.14314).
public struct QLoraFinetuningConfig: WireRecord, Hashable {
    /// The names of the attention projections that get adapters, such as `q_proj` and `v_proj`.
    public var loraAttnModules: [String]
    /// Whether the projections of the MLP get adapters too.
    public var applyLoRAToMLP: Bool
    /// Whether the output (vocabulary) projection gets an adapter too.
    public var applyLoRAToOutput: Bool
    /// The rank of the adapter's two matrices.
    public var rank: Int
    /// The scale of the update: it is multiplied by alpha / rank.
    public var alpha: Int

    /// Creates the record: the draft has no defaults for it. Ranges are checked by the provider.
    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "QLoraFinetuningConfig", Self.init,
        Field(
            "lora_attn_modules", \.loraAttnModules, "The attention projections that get adapters, as q_proj, v_proj."),
        Field("apply_lora_to_mlp", \.applyLoRAToMLP, "Adapters on the MLP projections too."),
        Field("apply_lora_to_output", \.applyLoRAToOutput, "An adapter on the output projection too."),
        Field("rank", \.rank, "The adapter's rank."),
        Field("alpha", \.alpha, "The update is scaled by alpha / rank."))
}

/// Low-rank adapters of the direction, magnitudes apart (Liu et al. 2024, arXiv:2402.09353).
public struct DoraFinetuningConfig: WireRecord, Hashable {
    /// The names of the attention projections that get adapters, such as `q_proj` and `v_proj`.
    public var loraAttnModules: [String]
    /// Whether the projections of the MLP get adapters too.
    public var applyLoRAToMLP: Bool
    /// Whether the output (vocabulary) projection gets an adapter too.
    public var applyLoRAToOutput: Bool
    /// The rank of the adapter's two matrices.
    public var rank: Int
    /// The scale of the update: it is multiplied by alpha / rank.
    public var alpha: Int

    /// Creates the record: the draft has no defaults for it. Ranges are checked by the provider.
    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "DoraFinetuningConfig", Self.init,
        Field(
            "lora_attn_modules", \.loraAttnModules, "The attention projections that get adapters, as q_proj, v_proj."),
        Field("apply_lora_to_mlp", \.applyLoRAToMLP, "Adapters on the MLP projections too."),
        Field("apply_lora_to_output", \.applyLoRAToOutput, "An adapter on the output projection too."),
        Field("rank", \.rank, "The adapter's rank."),
        Field("alpha", \.alpha, "The update is scaled by alpha / rank."))
}
