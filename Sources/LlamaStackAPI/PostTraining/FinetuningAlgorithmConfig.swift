/// An adapter's settings. The three have the same fields, so the request's `algorithm` tells which it is.
public enum FinetuningAlgorithmConfig: TaggedWireValue, Hashable {
    case lora(LoraFinetuningConfig)
    case qlora(QLoraFinetuningConfig)
    case dora(DoraFinetuningConfig)

    /// All three match every one of them.
    public static var schema: Schema {
        .anyOf([LoraFinetuningConfig.schema, QLoraFinetuningConfig.schema, DoraFinetuningConfig.schema])
    }

    public var json: JSON {
        switch self {
        case .lora(let config): config.json
        case .qlora(let config): config.json
        case .dora(let config): config.json
        }
    }

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
