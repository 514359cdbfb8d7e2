import Checkpoints
import LlamaStackAPI

/// The contents of a PEFT folder's `adapter_config.json` (huggingface.co/docs/peft, "LoraConfig"). Settings that change
/// the arithmetic in ways that are not computed here are refused by name, also those that are not known yet.
struct PEFTConfiguration {
    let rank: Int
    let alpha: Double
    /// Scales by alpha / sqrt(rank) (Kalajdzievski 2023, arXiv:2312.03732).
    let isRankStabilised: Bool
    /// Has magnitudes (Liu et al. 2024, arXiv:2402.09353).
    let isDoRA: Bool
    let rankPattern: [(modules: ModulePattern, rank: Int)]
    let alphaPattern: [(modules: ModulePattern, alpha: Double)]
    /// nil where the file gives a regular expression, or nothing: then the tensors alone say what is changed.
    let targets: [ModulePattern]?
    let excluded: [ModulePattern]
    /// nil: all.
    let layers: Set<Int>?

    static let bytesMax = 1 << 20
    static let patternsMax = 2048

    init(path: String) throws(CheckpointError) {
        let file = try MappedFile.open(path: path)
        guard file.bytes.count <= Self.bytesMax else {
            throw CheckpointError(
                path: path, field: "size", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "at most bytesMax = \(Self.bytesMax)")
        }
        var json = CheckpointJSON(file)
        let root = try json.value("the configuration")
        try json.end("the configuration")
        guard let object = root.objectValue else {
            throw CheckpointError(
                path: path, field: "the configuration", offset: nil, found: root.kind, wanted: "an object")
        }
        let settings = PEFTSettings(path: path, object: object)
        try settings.requirePlainLoRA()
        rank = try settings.integer("r", in: 1...Adapter.rankMax)
        alpha = try settings.number("lora_alpha")
        isRankStabilised = try settings.flag("use_rslora")
        isDoRA = try settings.flag("use_dora")
        rankPattern = try settings.patterns("rank_pattern") { field, value throws(CheckpointError) in
            try settings.integer(value, field, in: 1...Adapter.rankMax)
        }
        alphaPattern = try settings.patterns("alpha_pattern") { field, value throws(CheckpointError) in
            try settings.number(value, field)
        }
        targets = try settings.modules("target_modules")
        excluded = try settings.modules("exclude_modules") ?? []
        layers = try settings.layers("layers_to_transform")
    }

    func rank(of module: String) -> Int {
        rankPattern.first { $0.modules.matches(module) }?.rank ?? rank
    }

    func scale(of module: String) -> Float {
        let alpha = alphaPattern.first { $0.modules.matches(module) }?.alpha ?? alpha
        let rank = Double(rank(of: module))
        return Float(alpha / (isRankStabilised ? rank.squareRoot() : rank))
    }

    /// Whether the file says that the module is changed; nil where only the tensors can tell.
    /// - Parameter layer: nil for a module of no layer, which a list of layers leaves out.
    func names(_ module: String, layer: Int?) -> Bool? {
        guard let targets else { return nil }
        if let layers, !(layer.map { layers.contains($0) } ?? false) { return false }
        return targets.contains { $0.matches(module) } && !excluded.contains { $0.matches(module) }
    }
}

/// A module's name, or the end of one: `q_proj`, `layers.0.mlp.up_proj`, `^model.layers.0.mlp.up_proj`.
struct ModulePattern {
    let name: String
    private let isWhole: Bool

    /// nil for other regular expressions: a file must not make us run what it likes.
    init?(_ text: String) {
        isWhole = text.hasPrefix("^")
        name = String(text.drop { $0 == "^" }).replacing("\\.", with: ".")
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
        guard isPlain, !name.isEmpty, text.prefix(2) != "^^" else { return nil }
    }

    func matches(_ module: String) -> Bool {
        module == name || !isWhole && module.hasSuffix(name) && module.dropLast(name.count).hasSuffix(".")
    }
}
