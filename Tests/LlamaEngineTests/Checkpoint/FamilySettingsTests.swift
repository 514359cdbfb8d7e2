import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// What the families that depart from llama say of themselves, and what is refused of it.
@Suite struct FamilySettingsTests {
    @Test("Gemma 3's file and folder describe one decoder")
    func gemma3() throws {
        let folder = try ModelCheckpoint.open(path: TinyFolder.root.appending(path: "gemma3").path)
        let file = try ModelCheckpoint.open(path: TinyModel.named("gemma3").path)
        for (checkpoint, scalar) in [(folder, Float(48)), (file, nil)] {
            let variant = checkpoint.configuration.variant
            #expect(variant.attention.map(\.window) == [40, 40, 40, 40, 40, nil])
            #expect(variant.attention.map(\.rotation) == [.window, .window, .window, .window, .window, .whole])
            #expect(checkpoint.configuration.rope.scaling == .linear(factor: 8))
            #expect(checkpoint.configuration.rope.theta == 1_000_000 && variant.windowRope?.theta == 10_000)
            #expect(variant.windowRope?.scaling == RopeConfiguration.Scaling.none)
            #expect(variant.attentionScale == scalar.map { 1 / $0.squareRoot() })
            #expect(variant.activation == .geluTanh && variant.embeddingScale == Float(96).squareRoot())
            #expect(checkpoint.configuration.headDimension == 32)
        }
    }

    @Test("settings that a released folder leaves out are those of the family's class in transformers")
    func defaults() throws {
        let folder = try FolderCopy("gemma3")
        for line in [
            "  \"query_pre_attn_scalar\": 48,\n", "  \"tie_word_embeddings\": true,\n", "  \"rms_norm_eps\": 1e-05,\n",
        ] { try folder.change("config.json", line, to: "") }
        let checkpoint = try ModelCheckpoint.open(path: folder.url.path)
        #expect(checkpoint.configuration.variant.attentionScale == Float(1) / 16)
        #expect(checkpoint.configuration.normEpsilon == 1e-6 && checkpoint.tiesHead == true)
    }

    @Test("the older spelling of Gemma 3's settings says the same")
    func older() throws {
        let folder = try FolderCopy("gemma3")
        let whole = try ModelCheckpoint.open(path: folder.url.path).configuration
        let text = try String(contentsOf: folder.url.appending(path: "config.json"), encoding: .utf8)
        var settings = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        settings["rope_parameters"] = nil
        settings["layer_types"] = nil
        settings["sliding_window_pattern"] = 6
        settings["rope_theta"] = 1_000_000
        settings["rope_local_base_freq"] = 10_000
        settings["rope_scaling"] = ["rope_type": "linear", "factor": 8.0] as [String: Any]
        try JSONSerialization.data(withJSONObject: settings).write(to: folder.url.appending(path: "config.json"))
        #expect(try ModelCheckpoint.open(path: folder.url.path).configuration == whole)
    }

    @Test("of a model of more than text the text is served, and the rest counted")
    func images() throws {
        let folder = try FolderCopy("gemma3")
        let wanted = try logits(folder.load())
        let text = try String(contentsOf: folder.url.appending(path: "config.json"), encoding: .utf8)
        try folder.write(
            "config.json",
            "{\"model_type\": \"gemma3\", \"vision_config\": {\"hidden_size\": 8, \"num_hidden_layers\": 99}, "
                + "\"text_config\": \(text)}")
        for prefix in ["language_model.model.", "model.language_model."] {
            try write(folder, prefix: prefix)
            let checkpoint = try ModelCheckpoint.open(path: folder.url.path)
            #expect(checkpoint.unusedTensors.isEmpty && checkpoint.imageTensors == 1)
            #expect(try logits(Model(checkpoint)) == wanted)
        }
    }

    /// The folder's weights under the names that they have in a model of more than text, with one tensor of an image
    /// reader.
    private func write(_ folder: FolderCopy, prefix: String) throws {
        let original = TinyFolder.root.appending(path: "gemma3/model.safetensors")
        let bytes = try Data(contentsOf: original)
        let length = Int(bytes.prefix(8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
        var header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        header = header.replacingOccurrences(of: "\"model.", with: "\"\(prefix)")
        let end = bytes.count - 8 - length
        let image =
            "\"vision_tower.embeddings.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(end),\(end + 4)]}"
        header = "{\(image)," + header.trimmingCharacters(in: .whitespaces).dropFirst()
        let count = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        try (count + Data(header.utf8) + bytes[(8 + length)...] + Data(count: 4)).write(
            to: folder.url.appending(path: "model.safetensors"))
    }

    private func logits(_ model: Model) throws -> [Float] {
        let (decoder, cache) = try Decoder.make(model, .exact)
        return try decoder.allLogits(Array(3..<60), chunk: 64, cache: cache)
    }

    // MARK: Bad input

    static let folderLies: [(folder: String, text: String, other: String, wanted: String)] = [
        (
            "gemma3", "\"sliding_window\": 40", "\"sliding_window\": 0",
            "'sliding_window': found 0, wanted 1 to 16777216"
        ),
        (
            "gemma3", "\"sliding_window\": 40", "\"sliding_window\": 4e1",
            "'sliding_window': found 40.0, wanted an integer"
        ),
        (
            "gemma3", "\"full_attention\"\n  ]", "\"chunked_attention\"\n  ]",
            "'layer_types': found 'chunked_attention', wanted items that this family has"
        ),
        (
            "gemma3", "    \"sliding_attention\",\n    \"full_attention\"", "    \"full_attention\"",
            "'layer_types': found 5 items, wanted one item for each of the 6 layers"
        ),
        (
            "gemma3", "\"query_pre_attn_scalar\": 48", "\"query_pre_attn_scalar\": -1",
            "'query_pre_attn_scalar': found -1.0, wanted more than 0.0"
        ),
        (
            "gemma3", "\"attn_logit_softcapping\": null", "\"attn_logit_softcapping\": 0",
            "'attn_logit_softcapping': found 0.0, wanted more than 0.0"
        ),
        (
            "gemma3", "\"head_dim\": 32", "\"head_dim\": 24",
            "tensor 'model.layers.0.self_attn.q_proj.weight': found shape [128, 96], wanted [96, 96]"
        ),
        (
            "gemma3", "\"head_dim\": 32", "\"head_dim\": 31",
            "'head_dim': found 31 values to turn, wanted an even number"
        ),
        (
            "gemma3", "gelu_pytorch_tanh", "silu",
            "'hidden_activation': found 'silu', wanted gelu_pytorch_tanh"
        ),
        (
            "gemma3", "\"use_bidirectional_attention\": false", "\"use_bidirectional_attention\": true",
            "'use_bidirectional_attention': found true"
        ),
        (
            "gemma3", "\"rope_theta\": 10000.0", "\"rope_theta\": 1e99",
            "'rope_parameters.sliding_attention.rope_theta': found 1e+99"
        ),
        (
            "gemma3", "\"num_hidden_layers\": 6", "\"num_hidden_layers\": 5",
            "'layer_types': found 6 items, wanted one item for each of the 5 layers"
        ),
    ]

    @Test("a setting of a folder that cannot be true is refused by its key", arguments: 0..<folderLies.count)
    func folderLie(index: Int) throws {
        let lie = Self.folderLies[index]
        let folder = try FolderCopy(lie.folder)
        try folder.change("config.json", lie.text, to: lie.other)
        #expect(folder.refusal.contains(lie.wanted), "\(folder.refusal)")
    }

    static let fileLies: [(file: String, key: String, value: UInt32, wanted: String)] = [
        (
            "gemma3", "gemma3.attention.sliding_window", .max,
            "'gemma3.attention.sliding_window': found 4294967295, wanted 1 to 16777216"
        ),
        (
            "gemma3", "gemma3.attention.key_length", 0,
            "'gemma3.attention.key_length': found 0, wanted 1 to 4096"
        ),
        (
            "gemma3", "gemma3.attention.key_length", 64,
            "'gemma3.attention.value_length': found 32, wanted the width of the keys' heads, 64"
        ),
        (
            "gemma3", "gemma3.block_count", 7,
            "tensor 'blk.6.attn_norm.weight': found no such tensor"
        ),
        ("gemma3", "gemma3.block_count", 1_000_000_000, "'gemma3.block_count': found 1000000000, wanted 1 to 1024"),
        ("gemma3", "gemma3.rope.scaling.factor", 0xbf80_0000, "'gemma3.rope.scaling.factor': found -1.0"),
        ("gemma3", "gemma3.rope.freq_base", 0x7fc0_0000, "'gemma3.rope.freq_base': found nan"),
    ]

    @Test("metadata of a file that cannot be true is refused by its key", arguments: 0..<fileLies.count)
    func fileLie(index: Int) throws {
        let lie = Self.fileLies[index]
        var file = try PatchedFile(TinyModel.named(lie.file))
        try file.set(lie.key, to: lie.value)
        let error = #expect(throws: CheckpointError.self) { try file.load() }
        #expect(error?.description.contains(lie.wanted) == true, "\(String(describing: error))")
    }

    @Test(
        "any change of one byte of the settings is refused or does no harm", arguments: TinyModel.families.map(\.name))
    func settings(_ name: String) throws {
        let folder = try FolderCopy(name)
        let whole = try String(contentsOf: folder.url.appending(path: "config.json"), encoding: .utf8)
        print("config.json of \(name): seed 71")
        var random = LlamaEngine.SplitMix64(seed: 71)
        for _ in 0..<150 {
            var changed = Array(whole.utf8)
            changed[Int.random(in: 0..<changed.count, using: &random)] =
                Array("0123456789-.,:{}[]\"e".utf8).randomElement(using: &random) ?? 0
            try Data(changed).write(to: folder.url.appending(path: "config.json"))
            try computeOrRefuse { try folder.load() }
        }
    }

    @Test("any change of one byte of a file's metadata is refused or does no harm", arguments: TinyModel.families)
    func metadata(_ tiny: TinyModel) throws {
        let data = try GGUFFile.open(path: tiny.path)
        let header = try #require(data.tensors.map(\.byteRange.lowerBound).min())
        print("metadata of \(tiny.name): seed 72, \(header) bytes")
        var random = LlamaEngine.SplitMix64(seed: 72)
        for _ in 0..<200 {
            var file = try PatchedFile(tiny)
            let place = Int.random(in: 0..<header, using: &random)
            file.set(place..<place + 1, to: UInt8.random(in: 0...255, using: &random))
            try computeOrRefuse { try file.load() }
        }
    }

    private func computeOrRefuse(_ load: () throws -> Model) throws {
        do {
            let (decoder, cache) = try Decoder.make(load(), .quantized)
            _ = try decoder.allLogits([3, 4, 5], chunk: 3, cache: cache)
        } catch is CheckpointError {
            return
        }
    }
}
