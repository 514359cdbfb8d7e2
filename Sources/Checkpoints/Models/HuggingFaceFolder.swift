import LlamaStackAPI

/// A folder as Hugging Face lays models out: `config.json`, the weights in `model.safetensors` or in the shards that
/// `model.safetensors.index.json` names, the vocabulary in `tokenizer.json`, and what is said of it in
/// `tokenizer_config.json` and `generation_config.json`.
package enum HuggingFaceFolder {
    /// Files of settings are read whole.
    static let settingsBytesMax = 16 << 20
    static let tokenizerSettingsFile = "tokenizer_config.json"

    static func open(_ folder: CheckpointFolder) throws -> ModelCheckpoint {
        let settings = try settings(folder, "config.json")
        let config = HuggingFaceConfiguration(path: folder.path(of: "config.json"), json: settings)
        let family = try config.family()
        let weights = try SafetensorsShards.open(folder)
        let plain = WeightNames.huggingFace(of: family)
        var names = plain.inLanguageModel().first { weights.tensors[$0.embedding] != nil } ?? plain
        if family.mixture != nil { names.experts = ExpertNames.released(weights.tensors, names) }
        let product = names.layer(0, names.query)
        if let refusal = QuantisedWeights.refusal(weights.tensors, product: product, path: folder.path) {
            throw refusal
        }
        let configuration = try config.configuration(of: family)
        let tensors =
            family.hasFusedProducts
            ? try FusedProducts(names: names, configuration: configuration, path: folder.path)
                .separate(weights.tensors) : weights.tensors
        let tokenizerSettings = try optionalSettings(folder, tokenizerSettingsFile)
        return ModelCheckpoint(
            path: folder.path, format: .huggingFace, name: folder.name,
            chatTemplates: try ChatTemplateFiles(folder: folder, tokenizerSettings: tokenizerSettings).sources(),
            family: family,
            configuration: configuration, names: names, tiesHead: try config.tiesHead(of: family), tensors: tensors,
            vocabulary: try vocabulary(
                folder,
                Marks(
                    settings: config.json, tokenizer: tokenizerSettings,
                    generation: try optionalSettings(folder, "generation_config.json"))),
            files: weights.files)
    }

    private static func vocabulary(
        _ folder: CheckpointFolder, _ marks: Marks
    ) throws -> ModelCheckpoint.VocabularyPlace {
        if let file = try folder.optionalFile("tokenizer.json") { return .tokenizerJSON(file, marks) }
        if let file = try folder.optionalFile("tokenizer.model") { return .tokenizerModel(file) }
        return .none(
            CheckpointError(
                path: folder.path, field: "vocabulary", offset: nil, found: folder.listing,
                wanted: "tokenizer.json or tokenizer.model"))
    }

    /// The files beside the weights of a folder: its settings, of which `change` gets `config.json`, and its
    /// vocabulary.
    package static func otherFiles(
        of checkpoint: ModelCheckpoint, change: (inout JSONObject) -> Void
    ) throws -> [(name: String, bytes: [UInt8])] {
        let folder = CheckpointFolder(path: checkpoint.path)
        guard checkpoint.format == .huggingFace,
            var config = try settings(folder, "config.json").objectValue
        else {
            throw CheckpointError(
                path: checkpoint.path, field: "base", offset: nil, found: "a \(checkpoint.format.rawValue) folder",
                wanted: "a GGUF file or a Hugging Face folder")
        }
        change(&config)
        let others = [
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
            "added_tokens.json", "vocab.json", "merges.txt", "generation_config.json",
        ].filter(folder.has) + ChatTemplateFiles.names(in: folder)
        return [("config.json", Array(JSON.object(config).prettyText.utf8))]
            + (try others.map { ($0, try folder.file($0).copied) })
    }

    static func optionalSettings(_ folder: CheckpointFolder, _ name: String) throws -> JSON {
        folder.has(name) ? try settings(folder, name) : .object([:])
    }

    static func settings(_ folder: CheckpointFolder, _ name: String) throws -> JSON {
        let file = try folder.file(name)
        func refuse(_ offset: Int?, _ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: file.path, field: "settings", offset: offset, found: found, wanted: wanted)
        }
        guard file.bytes.count <= settingsBytesMax else {
            throw refuse(nil, "\(file.bytes.count) bytes", "at most settingsBytesMax = \(settingsBytesMax)")
        }
        let bytes = file.copied
        do {
            let json = try JSON(parsing: bytes)
            guard json.objectValue != nil else { throw refuse(nil, json.kind, "an object") }
            return json
        } catch let error as JSONError {
            let words = bytes.withUnsafeBytes { error.words(in: $0) }
            throw refuse(error.byteOffset, words.found, words.wanted)
        }
    }
}

extension HuggingFaceFolder {
    /// The control tokens that the settings name; the vocabulary itself says nothing of what they are for.
    package struct Marks: Sendable {
        package var bos: String?
        package var eos: String?
        package var unknown: String?
        /// Where no spelling is given.
        package var bosID: Int?
        package var addsBOS: Bool?
        package var addsEOS: Bool?
        /// Ids that end an answer.
        package var endIDs: [Int] = []

        init(settings: JSON, tokenizer: JSON, generation: JSON) {
            bos = Self.spelling(tokenizer["bos_token"])
            eos = Self.spelling(tokenizer["eos_token"])
            unknown = Self.spelling(tokenizer["unk_token"])
            bosID = Self.ids(settings["bos_token_id"]).first
            addsBOS = Self.flag(tokenizer["add_bos_token"])
            addsEOS = Self.flag(tokenizer["add_eos_token"])
            endIDs = Self.ids(generation["eos_token_id"]) + Self.ids(settings["eos_token_id"])
        }

        /// A token is written as its text, or as an object with it.
        private static func spelling(_ value: JSON?) -> String? {
            value?.stringValue ?? value?["content"]?.stringValue
        }

        private static func flag(_ value: JSON?) -> Bool? {
            if case .bool(let flag) = value { flag } else { nil }
        }

        private static func ids(_ value: JSON?) -> [Int] {
            switch value {
            case .integer(let id): Int(exactly: id).map { [$0] } ?? []
            case .array(let items): items.flatMap { ids($0) }
            default: []
            }
        }
    }
}
