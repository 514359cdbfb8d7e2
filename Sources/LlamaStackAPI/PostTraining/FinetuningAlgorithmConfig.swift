/// An adapter's settings. The three have the same fields, so the request's `algorithm` tells which it is.
public enum FinetuningAlgorithmConfig: TaggedWireValue, Hashable {
    /// Read for the algorithms `lora` and `full`.
    case lora(LoraFinetuningConfig)
    /// Read for the algorithm `qlora`.
    case qlora(QLoraFinetuningConfig)
    /// Read for the algorithm `dora`.
    case dora(DoraFinetuningConfig)

    /// The fields that all three have, as LoRA's.
    public var adapter: LoraFinetuningConfig {
        switch self {
        case .lora(let config): config
        case .qlora(let config):
            LoraFinetuningConfig(
                loraAttnModules: config.loraAttnModules, applyLoRAToMLP: config.applyLoRAToMLP,
                applyLoRAToOutput: config.applyLoRAToOutput, rank: config.rank, alpha: config.alpha)
        case .dora(let config):
            LoraFinetuningConfig(
                loraAttnModules: config.loraAttnModules, applyLoRAToMLP: config.applyLoRAToMLP,
                applyLoRAToOutput: config.applyLoRAToOutput, rank: config.rank, alpha: config.alpha)
        }
    }

    /// The settings of an algorithm with these fields.
    public init(_ algorithm: FinetuningAlgorithm, _ adapter: LoraFinetuningConfig) {
        switch algorithm {
        case .full, .lora: self = .lora(adapter)
        case .qlora:
            self = .qlora(
                QLoraFinetuningConfig(
                    loraAttnModules: adapter.loraAttnModules, applyLoRAToMLP: adapter.applyLoRAToMLP,
                    applyLoRAToOutput: adapter.applyLoRAToOutput, rank: adapter.rank, alpha: adapter.alpha))
        case .dora:
            self = .dora(
                DoraFinetuningConfig(
                    loraAttnModules: adapter.loraAttnModules, applyLoRAToMLP: adapter.applyLoRAToMLP,
                    applyLoRAToOutput: adapter.applyLoRAToOutput, rank: adapter.rank, alpha: adapter.alpha))
        }
    }

    /// All three match every one of them.
    public static var schema: Schema {
        .anyOf([LoraFinetuningConfig.schema, QLoraFinetuningConfig.schema, DoraFinetuningConfig.schema])
    }

    /// The settings' own object, without a mark of their kind.
    public var json: JSON {
        switch self {
        case .lora(let config): config.json
        case .qlora(let config): config.json
        case .dora(let config): config.json
        }
    }
    /// The settings' size.
    public func measure(_ bytesLeft: inout Int) {
        switch self {
        case .lora(let config): config.measure(&bytesLeft)
        case .qlora(let config): config.measure(&bytesLeft)
        case .dora(let config): config.measure(&bytesLeft)
        }
    }

    /// Reads LoRA's settings: without the algorithm beside it the kind is not known.
    public init(json: JSON, at path: FieldPath) throws { try self.init(json: json, tag: .lora, at: path) }

    /// With the algorithm full no adapter is trained and the settings are ignored, though the draft requires them: they
    /// are read as LoRA's.
    public init(json: JSON, tag: FinetuningAlgorithm, at path: FieldPath) throws {
        switch tag {
        case .full, .lora: self = .lora(try LoraFinetuningConfig(json: json, at: path))
        case .qlora: self = .qlora(try QLoraFinetuningConfig(json: json, at: path))
        case .dora: self = .dora(try DoraFinetuningConfig(json: json, at: path))
        }
    }
}
