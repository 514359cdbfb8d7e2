public enum FinetuningAlgorithm: String, WireEnum {
    case full, lora, qlora, dora
}

/// Low-rank adapters (Hu et al. 2021, arXiv:2106.09685).
public struct LoraFinetuningConfig: WireRecord, Hashable {
    public var loraAttnModules: [String]
    public var applyLoRAToMLP: Bool
    public var applyLoRAToOutput: Bool
    public var rank: Int
    public var alpha: Int

    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

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
    public var loraAttnModules: [String]
    public var applyLoRAToMLP: Bool
    public var applyLoRAToOutput: Bool
    public var rank: Int
    public var alpha: Int

    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

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
    public var loraAttnModules: [String]
    public var applyLoRAToMLP: Bool
    public var applyLoRAToOutput: Bool
    public var rank: Int
    public var alpha: Int

    public init(loraAttnModules: [String], applyLoRAToMLP: Bool, applyLoRAToOutput: Bool, rank: Int, alpha: Int) {
        self.loraAttnModules = loraAttnModules
        self.applyLoRAToMLP = applyLoRAToMLP
        self.applyLoRAToOutput = applyLoRAToOutput
        self.rank = rank
        self.alpha = alpha
    }

    public static let object = Object(
        "DoraFinetuningConfig", Self.init,
        Field(
            "lora_attn_modules", \.loraAttnModules, "The attention projections that get adapters, as q_proj, v_proj."),
        Field("apply_lora_to_mlp", \.applyLoRAToMLP, "Adapters on the MLP projections too."),
        Field("apply_lora_to_output", \.applyLoRAToOutput, "An adapter on the output projection too."),
        Field("rank", \.rank, "The adapter's rank."),
        Field("alpha", \.alpha, "The update is scaled by alpha / rank."))
}
