import Checkpoints
import Foundation
import LlamaStackAPI
import Tokenizers

/// The files of an embedding model in the layout of the sentence-transformers library: `config.json`,
/// `model.safetensors`, a vocabulary, and what says how texts become vectors.
package struct EncoderFolder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    static let configBytesMax = 1 << 20

    /// Whether `path` is a folder that says it holds an encoder.
    package static func isEncoder(_ path: String) -> Bool {
        guard let config = try? EncoderFolder(path: path).json("config.json", isRequired: true) else { return false }
        return config["model_type"]?.stringValue == "bert"
    }

    /// - Throws: `CheckpointError` that names the file and the key.
    package func configuration() throws(CheckpointError) -> EncoderConfiguration {
        let config = ConfigReader(json: try json("config.json", isRequired: true), path: file("config.json"))
        try config.require("model_type", "bert")
        try config.require("hidden_act", "gelu")
        try config.require("position_embedding_type", "absolute", whenAbsent: true)
        try config.require("is_decoder", false, whenAbsent: true)
        typealias Limit = EncoderConfiguration
        var configuration = EncoderConfiguration(
            layers: try config.integer("num_hidden_layers", 1...Limit.layersMax),
            hidden: try config.integer("hidden_size", 32...Limit.widthMax, multipleOf: 32),
            feedForward: try config.integer("intermediate_size", 32...Limit.widthMax, multipleOf: 32),
            heads: try config.integer("num_attention_heads", 1...Limit.widthMax),
            vocabulary: try config.integer("vocab_size", 1...Limit.vocabularyMax),
            positions: try config.integer("max_position_embeddings", 2...Limit.positionsMax),
            tokenTypes: try config.integer("type_vocab_size", 1...64),
            normEpsilon: try config.positive("layer_norm_eps"), tokensMax: 0, pooling: try pooling())
        guard configuration.hidden % configuration.heads == 0 else {
            throw config.refuse(
                "num_attention_heads", found: "\(configuration.heads)",
                wanted: "a divisor of hidden_size = \(configuration.hidden)")
        }
        configuration.tokensMax = try tokensMax(positions: configuration.positions)
        return configuration
    }

    /// - Throws: `TokenizerError`, `CheckpointError`.
    package func tokenizer() throws -> WordPiece {
        guard let vocabulary = try? MappedFile.open(path: file("vocab.txt")) else {
            return try WordPiece(tokenizerJSON: .open(path: file("tokenizer.json")))
        }
        let config = try json("tokenizer_config.json", isRequired: false)
        return try WordPiece(
            vocabulary: vocabulary,
            options: WordPiece.Options(
                lowercases: config["do_lower_case"], stripsAccents: config["strip_accents"],
                separatesHan: config["tokenize_chinese_chars"]))
    }

    package func weights() throws(CheckpointError) -> SafetensorsFile {
        try SafetensorsFile(path: file("model.safetensors"))
    }

    private func tokensMax(positions: Int) throws(CheckpointError) -> Int {
        let name = "sentence_bert_config.json"
        let config = ConfigReader(json: try json(name, isRequired: false), path: file(name))
        guard config.json["max_seq_length"] != nil, config.json["max_seq_length"] != .null else { return positions }
        return min(positions, try config.integer("max_seq_length", 2...Int.max))
    }

    private func pooling() throws(CheckpointError) -> EncoderConfiguration.Pooling {
        let name = "1_Pooling/config.json"
        let config = ConfigReader(json: try json(name, isRequired: false), path: file(name))
        let modes = (config.json.objectValue?.members ?? []).filter {
            $0.key.hasPrefix("pooling_mode_") && $0.value == .bool(true)
        }.map(\.key)
        switch modes {
        case [], ["pooling_mode_mean_tokens"]: return .mean
        case ["pooling_mode_cls_token"]: return .first
        default:
            throw config.refuse(
                "pooling", found: modes.joined(separator: ", "),
                wanted: "pooling_mode_mean_tokens or pooling_mode_cls_token")
        }
    }

    private func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// An object; an empty one for a file that may be absent and is.
    private func json(_ name: String, isRequired: Bool) throws(CheckpointError) -> JSON {
        if !isRequired, !FileManager.default.fileExists(atPath: file(name)) { return [:] }
        let file = try MappedFile.open(path: file(name))
        func refuse(_ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: file.path, field: "file", offset: nil, found: found, wanted: wanted)
        }
        guard file.bytes.count <= Self.configBytesMax else {
            throw refuse("\(file.bytes.count) bytes", "at most \(Self.configBytesMax)")
        }
        var reader = CheckpointJSON(file)
        let json = try reader.value("file")
        try reader.end("file")
        guard case .object = json else { throw refuse(json.kind, "an object") }
        return json
    }
}

/// Takes checked values out of one of a model's JSON files.
private struct ConfigReader {
    let json: JSON
    let path: String

    func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: key, offset: nil, found: found, wanted: wanted)
    }

    func require(_ key: String, _ wanted: JSON, whenAbsent isFine: Bool = false) throws(CheckpointError) {
        if isFine, json[key] == nil || json[key] == .null { return }
        guard json[key] == wanted else {
            throw refuse(key, found: json[key]?.shown ?? "nothing", wanted: wanted.shown)
        }
    }

    func integer(
        _ key: String, _ range: ClosedRange<Int>, multipleOf divisor: Int = 1
    ) throws(CheckpointError) -> Int {
        guard case .integer(let wide)? = json[key], let value = Int(exactly: wide), range.contains(value),
            value % divisor == 0
        else {
            let kind = divisor == 1 ? "an integer" : "a multiple of \(divisor)"
            throw refuse(
                key, found: json[key]?.shown ?? "nothing",
                wanted: "\(kind) from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func positive(_ key: String) throws(CheckpointError) -> Float {
        guard let value = json[key]?.numberValue, value > 0, value <= 1 else {
            throw refuse(key, found: json[key]?.shown ?? "nothing", wanted: "a number in (0, 1]")
        }
        return Float(value)
    }
}
