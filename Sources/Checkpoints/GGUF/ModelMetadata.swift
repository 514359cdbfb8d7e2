/// Reads a `ModelConfiguration` from a GGUF file's metadata.
struct ModelMetadata {
    let file: GGUFFile

    init(_ file: GGUFFile) {
        self.file = file
    }

    func family() throws -> ModelFamily {
        if let type = try file.string("general.type"), let what = Self.otherTypes[type] {
            throw refuse("general.type", found: "\(type.quotedForMessage()): \(what)", wanted: "a model")
        }
        let key = "general.architecture"
        let architecture = try file.requiredString(key)
        // One architecture may be two families: Mixtral is a llama with experts.
        let candidates = ModelFamily.all.filter { $0.architecture == architecture }
        let experts = try file.int("\(architecture).expert_count") ?? 0
        let hasExperts = experts != 0
        if hasExperts, !candidates.contains(where: { $0.mixture != nil }) {
            throw refuse(
                "\(architecture).expert_count",
                found: "\(experts): a mixture of experts of the architecture \(architecture.quotedForMessage())",
                wanted: "a dense model, or a mixture of \(ModelFamily.mixtures.joined(separator: " or "))")
        }
        guard let family = candidates.first(where: { ($0.mixture != nil) == hasExperts }) ?? candidates.first else {
            throw refuse(
                key, found: architecture.quotedForMessage() + (Self.otherArchitectures[architecture] ?? ""),
                wanted: "one of " + ModelFamily.architectures.joined(separator: ", "))
        }
        return family
    }

    private static let otherTypes = [
        "adapter": "a LoRA adapter, which is served from a folder that PEFT has saved",
        "mmproj": "the part of a model that reads images",
        "vocab": "a vocabulary alone", "imatrix": "statistics for quantising",
    ]

    private static let otherArchitectures = ["clip": ": the part of a model that reads images"]

    /// nil when the file has none, or an empty one.
    func chatTemplates() throws -> ChatTemplateSources? {
        let key = "tokenizer.chat_template"
        let prefix = key + "."
        let tools = try file.string(prefix + ChatTemplateSources.toolsName)
        if let plain = try file.string(key), !plain.isEmpty { return ChatTemplateSources(plain: plain, tools: tools) }
        let named = file.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        guard !named.isEmpty else { return nil }
        if let plain = try file.string(prefix + ChatTemplateSources.plainName) {
            return ChatTemplateSources(plain: plain, tools: tools)
        }
        throw refuse(
            key, found: "none, and templates named \(named.quotedList)",
            wanted: "one for every conversation (gguf-new-metadata --chat-template writes it)")
    }

    /// `vocabulary` is left at 0: the embedding's shape says it.
    func configuration(of family: ModelFamily) throws -> ModelConfiguration {
        let keys = numbers(of: family)
        let hidden = try keys.count("embedding_length", 1...ModelConfiguration.widthMax)
        let (heads, keyValueHeads) = try keys.heads("attention.head_count", keysAndValues: "attention.head_count_kv")
        let headDimension = try keys.count(
            "attention.key_length", 1...ModelConfiguration.headDimensionMax,
            default: hidden % heads == 0 ? hidden / heads : nil)
        let valueDimension = try keys.count(
            "attention.value_length", 1...ModelConfiguration.headDimensionMax, default: headDimension)
        guard valueDimension == headDimension else {
            throw keys.refuse(
                "attention.value_length", found: "\(valueDimension)",
                wanted: "the width of the keys' heads, \(headDimension)")
        }
        let layers = try keys.count("block_count", 1...ModelConfiguration.layersMax)
        let rope = try rope(keys, headDimension: headDimension, of: family)
        return ModelConfiguration(
            architecture: family.architecture,
            layers: layers,
            hidden: hidden,
            feedForward: try keys.count("feed_forward_length", 1...ModelConfiguration.widthMax),
            heads: heads,
            keyValueHeads: keyValueHeads,
            headDimension: headDimension,
            vocabulary: 0,
            contextTokens: try keys.count("context_length", 1...ModelConfiguration.contextTokensMax),
            normEpsilon: Float(try keys.number("attention.layer_norm_rms_epsilon", above: 0, upTo: 1)),
            rope: rope,
            experts: try family.mixture.map { try experts(keys, $0, of: family) },
            variant: try GGUFVariant(
                file: file, keys: keys, family: family, layers: layers, hidden: hidden, heads: heads,
                headDimension: headDimension, rope: rope
            ).variant())
    }

    private func rope(
        _ keys: CheckpointNumbers, headDimension: Int, of family: ModelFamily
    ) throws -> RopeConfiguration {
        let dimension = try keys.count("rope.dimension_count", 2...max(2, headDimension), default: headDimension)
        guard dimension % 2 == 0 else {
            throw keys.refuse("rope.dimension_count", found: "\(dimension)", wanted: "an even number")
        }
        return RopeConfiguration(
            theta: try keys.number("rope.freq_base", above: 1, upTo: 1e12, default: 10_000),
            dimension: dimension, order: family.ropeOrder,
            scaling: try GGUFRopeScaling(
                keys: keys, type: file.string("\(family.architecture).rope.scaling.type"),
                hasDivisors: WeightNames.gguf.ropeDivisors.flatMap(file.tensor(named:)) != nil,
                dividesMagnitude: family.traits.dividesMagnitude
            ).scaling(), longContext: try longContext(keys))
    }

    /// Where the file has the tensors of LongRoPE.
    private func longContext(_ keys: CheckpointNumbers) throws -> RopeConfiguration.LongContext? {
        guard WeightNames.gguf.ropeLongDivisors.flatMap(file.tensor(named:)) != nil else { return nil }
        let context = try keys.count("context_length", 1...ModelConfiguration.contextTokensMax)
        return RopeConfiguration.LongContext(
            originalContext: try keys.count(
                "rope.scaling.original_context_length", 1...ModelConfiguration.contextTokensMax, default: context))
    }

    /// The keys of one architecture.
    private func numbers(of family: ModelFamily) -> CheckpointNumbers {
        let name = { (key: String) in "\(family.architecture).\(key)" }
        return CheckpointNumbers(
            path: file.path, field: { "metadata '\(name($0))'" }, integer: { try integer(name($0)) },
            real: { try file.float(name($0)) })
    }

    /// A number, or an array that has the same one for every layer.
    private func integer(_ key: String) throws -> Int? {
        guard case .numbers? = file.metadata[key], let values = try file.ints(key), let first = values.first else {
            return try file.int(key)
        }
        guard values.allSatisfy({ $0 == first }) else {
            throw refuse(key, found: "different numbers for different layers", wanted: "one for all layers")
        }
        return first
    }

    func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: file.path, field: "metadata '\(key)'", offset: nil, found: found, wanted: wanted)
    }
}
