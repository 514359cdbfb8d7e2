import CKernels
import Checkpoints
import LlamaStackAPI
import Tokenizers

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The files beside the weights of a Hugging Face folder, made of a GGUF file's metadata.
struct HuggingFaceSettings {
    private let model: MergedModel
    private let file: GGUFFile
    private let type: ExportType

    init(_ model: MergedModel, _ file: GGUFFile, _ type: ExportType) {
        (self.model, self.file, self.type) = (model, file, type)
    }

    func files() throws -> [(name: String, bytes: [UInt8])] {
        var files = [("config.json", Array(try config().prettyText.utf8))]
        guard try file.strings("tokenizer.ggml.tokens") != nil else { return files }
        files.append(("tokenizer.json", try file.tokenizerJSON()))
        files.append(("tokenizer_config.json", Array(try tokenizerConfig().prettyText.utf8)))
        if let templates = model.checkpoint.chatTemplates { files += templates.files }
        return files
    }

    private func config() throws -> JSON {
        let c = model.configuration
        let kind = ["llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3"][c.architecture]
        guard let kind else {
            throw model.checkpoint.refuse(
                "metadata 'general.architecture'", found: c.architecture, wanted: "llama, qwen2 or qwen3")
        }
        let names = model.checkpoint.names
        let hasBias = model.checkpoint.tensors[names.layer(0, names.query + ".bias")] != nil
        var config: JSONObject = [
            "architectures": [.string("\(kind)ForCausalLM")], "model_type": .string(c.architecture),
            "attention_bias": .bool(hasBias), "attention_dropout": 0.0,
            "dtype": type.torchName.map { .string($0) } ?? .null,
            "head_dim": .integer(Int64(c.headDimension)), "hidden_act": "silu",
            "hidden_size": .integer(Int64(c.hidden)), "intermediate_size": .integer(Int64(c.feedForward)),
            "max_position_embeddings": .integer(Int64(c.contextTokens)),
            "num_attention_heads": .integer(Int64(c.heads)), "num_hidden_layers": .integer(Int64(c.layers)),
            "num_key_value_heads": .integer(Int64(c.keyValueHeads)), "rms_norm_eps": .number(shortest(c.normEpsilon)),
            "rope_parameters": try rope(), "rope_theta": .number(c.rope.theta),
            "tie_word_embeddings": .bool(model.tiesHead && !model.untiesHead),
            "vocab_size": .integer(Int64(c.vocabulary)),
        ]
        for (key, own) in [("bos_token_id", "bos_token_id"), ("eos_token_id", "eos_token_id")] {
            if let id = try file.int("tokenizer.ggml.\(own)") { config[key] = .integer(Int64(id)) }
        }
        return .object(config)
    }

    private func tokenizerConfig() throws -> JSON {
        var config: JSONObject = [
            "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
            "model_max_length": .integer(Int64(model.configuration.contextTokens)),
        ]
        let tokens = try file.requiredStrings("tokenizer.ggml.tokens")
        for (key, own) in [
            ("bos_token", "bos_token_id"), ("eos_token", "eos_token_id"), ("unk_token", "unknown_token_id"),
            ("pad_token", "padding_token_id"),
        ] {
            guard let id = try file.int("tokenizer.ggml.\(own)"), (0..<tokens.count).contains(id) else { continue }
            config[key] = .string(String(decoding: tokens[id], as: UTF8.self))
        }
        return .object(config)
    }

    private func rope() throws -> JSON {
        let rope = model.configuration.rope
        func refuse(_ found: String) -> CheckpointError {
            model.checkpoint.refuse(
                "rotary positions", found: found, wanted: "a scaling that transformers has: linear, llama3 or yarn")
        }
        guard rope.dimension == model.configuration.headDimension else {
            throw refuse("\(rope.dimension) of \(model.configuration.headDimension) values turned")
        }
        var parameters: JSONObject = ["rope_theta": .number(rope.theta)]
        switch rope.scaling {
        case .none:
            guard let divisors = try divisors() else {
                parameters["rope_type"] = "default"
                break
            }
            guard let scaling = Llama3Scaling(divisors: divisors, rope) else {
                throw refuse("divisors ('rope_freqs.weight') that are not Llama 3's")
            }
            parameters["rope_type"] = "llama3"
            parameters["factor"] = .number(scaling.factor)
            parameters["low_freq_factor"] = .number(Llama3Scaling.low)
            parameters["high_freq_factor"] = .number(Llama3Scaling.high)
            parameters["original_max_position_embeddings"] = .integer(Int64(scaling.context))
        case .linear(let factor):
            parameters["rope_type"] = "linear"
            parameters["factor"] = .number(factor)
        case .llama3(let factor, let low, let high, let context):
            parameters["rope_type"] = "llama3"
            parameters["factor"] = .number(factor)
            parameters["low_freq_factor"] = .number(low)
            parameters["high_freq_factor"] = .number(high)
            parameters["original_max_position_embeddings"] = .integer(Int64(context))
        case .yarn(let factor, let context, let fast, let slow, let magnitude, let extrapolation):
            guard extrapolation == 1 else { throw refuse("YaRN with an extrapolation of \(extrapolation)") }
            parameters["rope_type"] = "yarn"
            parameters["factor"] = .number(factor)
            parameters["original_max_position_embeddings"] = .integer(Int64(context))
            parameters["beta_fast"] = .number(fast)
            parameters["beta_slow"] = .number(slow)
            parameters["attention_factor"] = .number(magnitude)
        }
        return .object(parameters)
    }

    private func divisors() throws -> [Float]? {
        guard let name = model.checkpoint.names.ropeDivisors, let tensor = model.checkpoint.tensors[name],
            let type = tensor.type, let base = tensor.contiguous?.baseAddress, let count = tensor.shape.first
        else { return nil }
        var values = [Float](repeating: 0, count: count)
        lk_dequantize_row(type, base, &values, count)
        return values.allSatisfy { $0 == 1 } ? nil : values
    }

    /// The double that prints as the float does.
    private func shortest(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}

/// The numbers behind the divisors that converters write for Llama 3.1 and later, found again.
private struct Llama3Scaling {
    static let (low, high) = (1.0, 4.0)
    let factor: Double
    let context: Int

    /// nil when no numbers that were ever released give these divisors.
    init?(divisors: [Float], _ rope: RopeConfiguration) {
        guard let factor = divisors.max().map(Double.init) else { return nil }
        for context in [8192, 4096, 2048, 1024, 512, 256, 128, 64, 32] {
            let wanted = (0..<divisors.count).map { Self.divisor($0, factor, Double(context), rope) }
            guard zip(divisors, wanted).allSatisfy({ abs(Double($0) - $1) <= 1e-4 * $1 }) else { continue }
            (self.factor, self.context) = (factor, context)
            return
        }
        return nil
    }

    private static func divisor(_ pair: Int, _ factor: Double, _ context: Double, _ rope: RopeConfiguration) -> Double {
        let wavelength = 2 * Double.pi * pow(rope.theta, 2 * Double(pair) / Double(rope.dimension))
        if wavelength < context / high { return 1 }
        if wavelength > context / low { return factor }
        let smooth = (context / wavelength - low) / (high - low)
        return 1 / ((1 - smooth) / factor + smooth)
    }
}
