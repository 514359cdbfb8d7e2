import Checkpoints
import LlamaStackAPI

/// Reads the members of an `adapter_config.json`, each with the kind of value that it must have.
struct PEFTSettings {
    let path: String
    let object: JSONObject

    // MARK: What must be off

    /// Settings that are read elsewhere, or that matter to training and to the base's loading alone.
    private static let harmless: Set<String> = [
        "peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "target_modules",
        "exclude_modules", "layers_to_transform", "layers_pattern", "bias", "init_lora_weights", "task_type",
        "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode", "lora_dropout",
        "megatron_core", "qalora_group_size", "runtime_config", "loftq_config", "eva_config", "corda_config",
        "lora_ga_config", "velora_config",
    ]

    /// Why a setting is refused, for its users.
    private static let reasons: [String: String] = [
        "lora_bias": "off: biases are not served",
        "modules_to_save": "off: whole modules beside the adapter are not served",
        "trainable_token_indices": "off: changed embeddings are not served",
        "layer_replication": "off: the base's layers are served as they are",
        "alora_invocation_tokens": "off: an adapter is on for the whole request",
        "fan_in_fan_out": "off: the weights of these models are [outputs, inputs]",
    ]

    /// Initialisations that move part of the base's weights into the adapter, which then belongs to another base.
    private static let changingBase = ["pissa", "olora", "corda", "loftq", "lora_ga"]

    func requirePlainLoRA() throws(CheckpointError) {
        let type = object["peft_type"] ?? .null
        guard type == .string("LORA") else { throw refuse("peft_type", found: type.shown, wanted: "'LORA'") }
        let bias = object["bias"] ?? .string("none")
        guard bias == .string("none") || bias == .null else {
            throw refuse("bias", found: bias.shown, wanted: "'none': biases are not served")
        }
        if let way = object["init_lora_weights"]?.stringValue,
            Self.changingBase.contains(where: way.lowercased().hasPrefix)
        {
            throw refuse(
                "init_lora_weights", found: way.quotedForMessage(),
                wanted: "an adapter of the unchanged base (save it with path_initial_model_for_weight_conversion)")
        }
        for (key, value) in object.members.map({ ($0.key, $0.value) }) {
            guard !Self.harmless.contains(key), value.isOn else { continue }
            throw CheckpointError(
                path: path, field: "setting \(key.quotedForMessage())", offset: nil, found: value.shown,
                wanted: Self.reasons[key] ?? "off: only LoRA and DoRA are served")
        }
    }

    // MARK: Values

    func flag(_ key: String) throws(CheckpointError) -> Bool {
        switch object[key] ?? .null {
        case .null: return false
        case .bool(let flag): return flag
        case let other: throw refuse(key, found: other.shown, wanted: "true or false")
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
        try integer(try required(key), "'\(key)'", in: range)
    }

    func integer(_ value: JSON, _ field: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
        guard case .integer(let wide) = value, let integer = Int(exactly: wide), range.contains(integer) else {
            throw CheckpointError(
                path: path, field: field, offset: nil, found: value.shown,
                wanted: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func number(_ key: String) throws(CheckpointError) -> Double { try number(try required(key), "'\(key)'") }

    /// Large enough for any alpha, and small enough that no scale overflows.
    private static let numberMax = 1e6

    func number(_ value: JSON, _ field: String) throws(CheckpointError) -> Double {
        guard let number = value.numberValue, abs(number) <= Self.numberMax else {
            throw CheckpointError(
                path: path, field: field, offset: nil, found: value.shown,
                wanted: "a number of at most \(Int(Self.numberMax))")
        }
        return number
    }

    func patterns<Value>(
        _ key: String, _ read: (_ field: String, _ value: JSON) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> [(modules: ModulePattern, Value)] {
        let value = object[key] ?? .null
        if value == .null { return [] }
        guard let object = value.objectValue else { throw refuse(key, found: value.shown, wanted: "an object") }
        try requireCount(key, object.members.count)
        var patterns: [(modules: ModulePattern, Value)] = []
        for member in object.members {
            let pattern = try pattern(member.key, key)
            patterns.append((pattern, try read("\(member.key.quotedForMessage()) of '\(key)'", member.value)))
        }
        return patterns
    }

    /// nil for a regular expression, or where there is nothing.
    func modules(_ key: String) throws(CheckpointError) -> [ModulePattern]? {
        switch object[key] ?? .null {
        case .null, .string: return nil
        case .array(let items):
            try requireCount(key, items.count)
            var patterns: [ModulePattern] = []
            for item in items {
                guard let name = item.stringValue else {
                    throw refuse(key, found: item.shown, wanted: "names of modules")
                }
                patterns.append(try pattern(name, key))
            }
            return patterns
        case let other: throw refuse(key, found: other.shown, wanted: "a list of names, or a string")
        }
    }

    func layers(_ key: String) throws(CheckpointError) -> Set<Int>? {
        switch object[key] ?? .null {
        case .null: return nil
        case .array(let items):
            try requireCount(key, items.count)
            var layers: Set<Int> = []
            for item in items { layers.insert(try integer(item, "'\(key)'", in: 0...ModelConfiguration.layersMax)) }
            return layers
        case let one: return [try integer(one, "'\(key)'", in: 0...ModelConfiguration.layersMax)]
        }
    }

    private func pattern(_ text: String, _ key: String) throws(CheckpointError) -> ModulePattern {
        guard let pattern = ModulePattern(text) else {
            throw refuse(
                key, found: text.quotedForMessage(), wanted: "names of modules, not a regular expression")
        }
        return pattern
    }

    private func requireCount(_ key: String, _ count: Int) throws(CheckpointError) {
        guard count <= PEFTConfiguration.patternsMax else {
            throw refuse(
                key, found: "\(count) entries", wanted: "at most patternsMax = \(PEFTConfiguration.patternsMax)")
        }
    }

    private func required(_ key: String) throws(CheckpointError) -> JSON {
        guard let value = object[key] else { throw refuse(key, found: "nothing", wanted: "a number") }
        return value
    }

    func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: "'\(key)'", offset: nil, found: found, wanted: wanted)
    }
}

extension JSON {
    /// Whether a setting says more than "no".
    fileprivate var isOn: Bool {
        switch self {
        case .null, .bool(false): false
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let object): !object.isEmpty
        case .bool(true), .integer, .number, .exact: true
        }
    }
}
