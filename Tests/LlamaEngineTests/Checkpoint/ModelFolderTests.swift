import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// A copy of a folder of Tests/Fixtures/folders, to be changed; deleted with the last reference.
final class FolderCopy {
    let url: URL

    init(_ name: String, in root: URL = TinyFolder.root) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: root.appending(path: name), to: url)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func change(_ file: String, _ text: String, to other: String) throws {
        let path = url.appending(path: file)
        let whole = try String(contentsOf: path, encoding: .utf8)
        try #require(whole.contains(text))
        try whole.replacingOccurrences(of: text, with: other).write(to: path, atomically: true, encoding: .utf8)
    }

    /// Replaces a member of a file's object by a value in JSON, or adds it.
    func set(_ file: String, _ key: String, _ value: String) throws {
        let path = url.appending(path: file)
        var object = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any] ?? [:]
        object[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        try JSONSerialization.data(withJSONObject: object).write(to: path)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(at: url.appending(path: file)) }

    func write(_ file: String, _ text: String) throws {
        let path = url.appending(path: file)
        try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: path, atomically: true, encoding: .utf8)
    }

    func load() throws -> Model { try Model(path: url.path) }

    /// The error's text, with the folder's path left out.
    var refusal: String {
        do {
            _ = try load()
            return "loaded"
        } catch { return "\(error)".replacingOccurrences(of: url.path, with: "FOLDER") }
    }
}

@Suite("A model folder")
struct ModelFolderTests {
    @Test("of Hugging Face gives dimensions, scaling and names")
    func huggingFace() throws {
        let checkpoint = try ModelCheckpoint.open(path: TinyFolder.root.appending(path: "llama31").path)
        #expect(
            checkpoint.configuration
                == ModelConfiguration(
                    architecture: "llama", layers: 2, hidden: 256, feedForward: 288, heads: 4, keyValueHeads: 2,
                    headDimension: 64, vocabulary: 0, contextTokens: 256, normEpsilon: 1e-5,
                    rope: RopeConfiguration(
                        theta: 10_000, dimension: 64, order: .half,
                        scaling: .llama3(
                            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32))))
        #expect(checkpoint.format == .huggingFace && checkpoint.commonestType == "BF16")
        #expect(checkpoint.files.count > 3)
    }

    @Test("of Meta gives the dimensions that params.json leaves out")
    func meta() throws {
        let checkpoint = try ModelCheckpoint.open(path: TinyFolder.root.appending(path: "meta-llama2").path)
        #expect(
            checkpoint.configuration
                == ModelConfiguration(
                    architecture: "llama", layers: 1, hidden: 256, feedForward: 288, heads: 4, keyValueHeads: 2,
                    headDimension: 64, vocabulary: 0, contextTokens: 4096, normEpsilon: 1e-5,
                    rope: RopeConfiguration(theta: 10_000, dimension: 64, order: .interleaved, scaling: .none)))
        #expect(checkpoint.format == .meta && checkpoint.files.count == 2)
    }

    @Test(
        "of Meta takes the scaling of the release",
        arguments: [
            ("", 8.0), (#", "rope_scaling_factor": 16"#, 16.0),
        ])
    func metaScaling(_ more: String, _ factor: Double) throws {
        let folder = try FolderCopy("meta-llama31")
        try folder.change("params.json", #""use_scaled_rope": true"#, to: #""use_scaled_rope": true"# + more)
        #expect(
            try folder.load().configuration.rope.scaling
                == .llama3(factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192))
    }

    @Test(
        "of Mistral has its window in all layers, the usual one where none is written",
        arguments: [("\"sliding_window\": 100", 100), ("\"no\": 1", 4096), ("\"sliding_window\": null", nil)])
    func window(_ setting: String, _ window: Int?) throws {
        let folder = try FolderCopy("mistral")
        try folder.change("config.json", "\"sliding_window\": null", to: setting)
        let configuration = try folder.load().configuration
        #expect(configuration.contextTokens == 256)
        #expect((0..<configuration.layers).allSatisfy { configuration.variant.attention(of: $0).window == window })
    }

    @Test("of Qwen has a context that its window bounds")
    func boundedContext() throws {
        let folder = try FolderCopy("qwen3")
        try folder.change("config.json", "\"use_sliding_window\": false", to: "\"use_sliding_window\": true")
        try folder.change("config.json", "\"sliding_window\": null", to: "\"sliding_window\": 100")
        #expect(try folder.load().configuration.contextTokens == 100)
    }

    @Test("another folder is refused with what is in it, and a file of weights with the folder to name")
    func otherFolders() throws {
        let folder = try FolderCopy("qwen3")
        try folder.remove("config.json")
        #expect(
            folder.refusal
                == "FOLDER: model folder: found 'model.safetensors', wanted config.json (as Hugging Face lays models out) or params.json (as Meta does)"
        )
        try folder.remove("model.safetensors")
        #expect(folder.refusal.contains("found an empty folder"))
        let error = #expect(throws: CheckpointError.self) {
            try ModelCheckpoint.open(path: TinyFolder.root.appending(path: "qwen3/model.safetensors").path)
        }
        #expect(error?.wanted == "the folder that holds it, or a GGUF file")
    }

    static let lies: [(folder: String, file: String, text: String, other: String, wanted: String)] = [
        (
            "llama", "config.json", "\"model_type\": \"llama\"", "\"model_type\": \"bloom\"",
            "config.json: 'model_type': found 'bloom', wanted one of llama, mistral, qwen2, qwen3"
        ),
        (
            "llama", "config.json", "\"num_hidden_layers\": 1", "\"num_hidden_layers\": 2",
            "tensor 'model.layers.1.input_layernorm.weight': found no such tensor, wanted one with shape [256]"
        ),
        (
            "llama", "config.json", "\"num_hidden_layers\": 1", "\"num_hidden_layers\": 1000000000",
            "'num_hidden_layers': found 1000000000, wanted 1 to 1024"
        ),
        (
            "llama", "config.json", "\"num_hidden_layers\": 1", "\"num_hidden_layers\": \"1\"",
            "'num_hidden_layers': found '1', wanted an integer"
        ),
        ("llama", "config.json", "\"hidden_size\": 256,", "", "'hidden_size': found no such key, wanted an integer"),
        (
            "llama", "config.json", "\"intermediate_size\": 288", "\"intermediate_size\": 256",
            "tensor 'model.layers.0.mlp.gate_proj.weight': found shape [288, 256], wanted [256, 256]"
        ),
        (
            "llama", "config.json", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
            "wanted a divisor of the 4 heads of queries"
        ),
        ("llama", "config.json", "\"silu\"", "\"gelu\"", "'hidden_act': found 'gelu', wanted silu"),
        (
            "llama", "config.json", "{", "{\"quantization_config\": {\"quant_method\": \"awq\"},",
            "a GGUF file serves quantised ones"
        ),
        (
            "llama31", "config.json", "\"rope_type\": \"llama3\"", "\"rope_type\": \"dynamic\"",
            "'rope_parameters.rope_type': found 'dynamic', wanted one of default, linear, llama3, yarn"
        ),
        (
            "llama31", "config.json", "\"factor\": 8.0,", "",
            "'rope_parameters.factor': found no such key, wanted a number"
        ),
        ("qwen3", "config.json", "\"model_type\"", "model_type", "config.json: settings at byte "),
        (
            "llama31", "model.safetensors.index.json", "model-00002-of", "../model-00002-of",
            "wanted the plain name of a .safetensors file in this folder"
        ),
        (
            "llama31", "model.safetensors.index.json", "model-00002-of", "/etc/model-00002-of",
            "wanted the plain name of a .safetensors file in this folder"
        ),
        (
            "llama31", "model.safetensors.index.json", "model-00002-of", "model-00012-of",
            "no such file, wanted a file beside the index (was all of the model fetched?)"
        ),
        (
            "llama31", "model.safetensors.index.json", "model.norm.weight", "model.other.weight",
            "no such tensor in any shard"
        ),
        (
            "llama31", "model.safetensors.index.json", "model.norm.weight", "model.embed_tokens.weight",
            "'model.embed_tokens.weight' again, wanted each name once"
        ),
        (
            "llama31", "model.safetensors.index.json", "weight_map", "weight_mop",
            "found no tensors, wanted a 'weight_map'"
        ),
        (
            "meta-llama2", "params.json", "\"n_heads\": 4", "\"n_heads\": 3",
            "wanted a divisor of the 3 heads of queries"
        ),
        (
            "meta-llama2", "params.json", "\"dim\": 256", "\"dim\": 512",
            "tensor 'tok_embeddings.weight': found shape [320, 256], wanted [320, 512]"
        ),
        ("meta-llama2", "params.json", "{", "{\"quantization_args\": {},", "wanted a model of text alone"),
    ]

    @Test("a setting or an index that cannot be true is refused where it stands", arguments: 0..<lies.count)
    func lie(index: Int) throws {
        let lie = Self.lies[index]
        let folder = try FolderCopy(lie.folder)
        try folder.change(lie.file, lie.text, to: lie.other)
        #expect(folder.refusal.contains(lie.wanted), "\(folder.refusal)")
    }

    @Test("a tensor in two shards is refused")
    func twice() throws {
        let folder = try FolderCopy("llama31")
        let shards = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter {
            $0.hasSuffix(".safetensors")
        }.sorted()
        try folder.remove(shards[1])
        try FileManager.default.copyItem(
            at: folder.url.appending(path: shards[0]), to: folder.url.appending(path: shards[1]))
        #expect(folder.refusal.contains("too, wanted each tensor in one shard"))
    }

    @Test("a part that is cut short or missing is refused by its path")
    func parts() throws {
        let folder = try FolderCopy("meta-llama2")
        let path = folder.url.appending(path: "consolidated.01.pth")
        let bytes = try Data(contentsOf: path)
        try bytes.prefix(bytes.count / 2).write(to: path)
        #expect(folder.refusal.hasPrefix("FOLDER/consolidated.01.pth: end of the archive"))
        try folder.remove("consolidated.01.pth")
        #expect(folder.refusal.contains("tensor 'tok_embeddings.weight': found shape [320, 128], wanted [320, 256]"))
        try folder.remove("consolidated.00.pth")
        #expect(folder.refusal.contains("wanted consolidated.00.pth"))
    }

    @Test("any change of one byte of the settings is refused or does no harm", arguments: ["config.json"])
    func settings(file: String) throws {
        let folder = try FolderCopy("qwen3")
        let whole = try String(contentsOf: folder.url.appending(path: file), encoding: .utf8)
        let seed: UInt64 = 0x5eed_c0
        print("config.json mutations: seed \(seed)")
        var random = SplitMix(seed: seed)
        var refused = 0
        for _ in 0..<150 {
            var changed = Array(whole.utf8)
            changed[Int.random(in: 0..<changed.count, using: &random)] =
                Array("0123456789-.,:{}[]\"e".utf8).randomElement(using: &random) ?? 0
            try Data(changed).write(to: folder.url.appending(path: file))
            do {
                let (decoder, cache) = try Decoder.make(folder.load(), .exact)
                _ = try decoder.run([Decoder.Segment(tokens: [1, 2], cache: cache, logits: .last)])
            } catch is CheckpointError { refused += 1 }
        }
        #expect(refused > 40)
    }

    @Test("a chat template is read from wherever transformers has written it")
    func chatTemplate() throws {
        let folder = try FolderCopy("qwen3")
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates == nil)
        try folder.write("additional_chat_templates/default.jinja", "named")
        try folder.write("additional_chat_templates/rag.jinja", "{{ broken")
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "named")
        try folder.write("chat_template.json", #"{"chat_template": "of the processor"}"#)
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "of the processor")
        try folder.write("tokenizer_config.json", #"{"chat_template": {"rag": "-", "default": "of the object"}}"#)
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "of the object")
        try folder.write("tokenizer_config.json", #"{"chat_template": "one"}"#)
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "one")
        try folder.write(
            "tokenizer_config.json",
            #"{"chat_template": [{"name": "rag", "template": "two"}, {"name": "default", "template": "three"}]}"#)
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "three")
        try folder.write("chat_template.jinja", "four")
        #expect(try ModelCheckpoint.open(path: folder.url.path).chatTemplates?.plain == "four")
    }

    @Test("a template for conversations that offer tools is read beside the other, from each of the same places")
    func toolTemplate() throws {
        let folder = try FolderCopy("qwen3")
        func read() throws -> ChatTemplateSources? { try ModelCheckpoint.open(path: folder.url.path).chatTemplates }
        try folder.write("additional_chat_templates/tool_use.jinja", "named tools")
        try folder.write("additional_chat_templates/default.jinja", "named")
        #expect(try read() == ChatTemplateSources(plain: "named", tools: "named tools"))
        try folder.write("tokenizer_config.json", #"{"chat_template": "one"}"#)
        #expect(try read() == ChatTemplateSources(plain: "one", tools: "named tools"))
        try folder.write(
            "tokenizer_config.json",
            #"{"chat_template": [{"name": "tool_use", "template": "two"}, {"name": "default", "template": "three"}]}"#)
        #expect(try read() == ChatTemplateSources(plain: "three", tools: "two"))
        try folder.write("chat_template.jinja", "four")
        #expect(try read() == ChatTemplateSources(plain: "four", tools: "named tools"))
        #expect(ChatTemplateSources(plain: "four", tools: "") == ChatTemplateSources(plain: "four"))
    }

    @Test("a tensor without values may claim any other size")
    func empty() {
        let tensor = CheckpointTensor(name: "w", type: nil, typeName: "F32", shape: [1 << 62, 4, 0], parts: [])
        #expect(tensor.elementCount == 0)
    }

    @Test("a folder without a vocabulary is refused by the file that is missing")
    func noVocabulary() throws {
        let checkpoint = try ModelCheckpoint.open(path: TinyFolder.root.appending(path: "qwen3").path)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.makeTokenizer() }
        #expect(error?.wanted == "tokenizer.json or tokenizer.model")
    }
}
