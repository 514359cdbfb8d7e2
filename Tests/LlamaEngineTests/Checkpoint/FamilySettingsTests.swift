import Foundation
import ModelFixtures
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

    @Test("each family's file and folder describe one decoder")
    func variants() throws {
        for tiny in TinyModel.families where tiny.name != "gemma3" && tiny.name != "gemma2" {
            let folder = try ModelCheckpoint.open(path: TinyFolder.root.appending(path: tiny.name).path)
            let file = try ModelCheckpoint.open(path: tiny.path)
            #expect(folder.configuration.variant == file.configuration.variant, "\(tiny.name)")
            #expect(folder.configuration.architecture == file.configuration.architecture)
            #expect(folder.configuration.rope.dimension == file.configuration.rope.dimension)
        }
    }

    @Test("the second family of Gemma caps scores and logits, and every other layer sees a window")
    func gemma2() throws {
        let variant = try ModelCheckpoint.open(path: TinyModel.named("gemma2").path).configuration.variant
        #expect(variant.attention.map(\.window) == [40, nil, 40, nil])
        #expect(variant.attention.allSatisfy { $0.rotation == .whole } && variant.windowRope == nil)
        #expect(variant.attentionCap == 5 && variant.logitCap == 12)
    }

    @Test("every fourth layer of SmolLM 3 is not turned")
    func smollm3() throws {
        let variant = try ModelCheckpoint.open(path: TinyModel.named("smollm3").path).configuration.variant
        #expect(variant.attention.map(\.rotation) == [.whole, .whole, .whole, .none, .whole])
        #expect(variant.attention.allSatisfy { $0.window == nil })
    }

    @Test("LongRoPE's divisors are those of the positions that are served", arguments: ["phi4-mini-long"])
    func longRope(_ name: String) throws {
        let checkpoints = [
            try ModelCheckpoint.open(path: TinyModel.named(name).path),
            try ModelCheckpoint.open(path: TinyFolder.root.appending(path: name).path),
        ]
        for checkpoint in checkpoints {
            let tables = try [nil, 64, 65].map {
                try Model(checkpoint, contextTokensMax: $0).weights.rope.frequencies
            }
            #expect(tables[0] == tables[2] && tables[0] != tables[1])
            // The last pair's divisors are 1.4 and 8.2.
            #expect(abs(tables[1][8] / tables[0][8] - 8.2 / 1.4) < 1e-5)
            #expect(try Model(checkpoint, contextTokensMax: 64).configuration.contextTokens == 64)
        }
    }

    // MARK: Metadata alone

    private func variant(_ architecture: String, _ change: (inout GGUFWriter) -> Void) throws -> DecoderVariant {
        var file = GGUFWriter()
        file.add("general.architecture", architecture)
        for (key, value) in [
            ("block_count", 3), ("embedding_length", 64), ("feed_forward_length", 64), ("context_length", 4096),
            ("attention.head_count", 1),
        ] { file.add("\(architecture).\(key)", UInt32(value)) }
        file.add("\(architecture).attention.layer_norm_rms_epsilon", Float(1e-5))
        change(&file)
        let metadata = ModelMetadata(try GGUFFile(file: guardedFile(file.encoded().bytes)))
        return try metadata.configuration(of: metadata.family()).variant
    }

    @Test("a file's pattern of windows is a period, or says it of each layer")
    func patterns() throws {
        let key = "gemma3.attention.sliding_window"
        let none = try variant("gemma3") { _ in }
        #expect(none.attention.isEmpty)
        let period = try variant("gemma3") {
            $0.add(key, UInt32(9))
            $0.add(key + "_pattern", UInt32(3))
        }
        #expect(period.attention.map(\.window) == [9, 9, nil])
        let listed = try variant("gemma3") {
            $0.add(key, UInt32(9))
            $0.add(key + "_pattern", [Int32(0), 1, 0])
        }
        #expect(listed.attention.map(\.window) == [nil, 9, nil])
        #expect(listed.attention.map(\.rotation) == [.whole, .window, .whole])
        for wrong in [[Int32(1), 0], [1, 0, 2]] {
            let error = #expect(throws: CheckpointError.self) {
                _ = try variant("gemma3") {
                    $0.add(key, UInt32(9))
                    $0.add(key + "_pattern", wrong)
                }
            }
            #expect(error?.description.contains("wanted true or false for each of the 3 layers") == true)
        }
    }

    @Test("what llama.cpp takes for a key that is missing counts")
    func missing() throws {
        let gemma2 = try variant("gemma2") { _ in }
        #expect(gemma2.attention.map(\.window) == [4096, nil, 4096])
        #expect(gemma2.attentionCap == 50 && gemma2.logitCap == 30)
        let granite = try variant("granite") { $0.add("granite.residual_scale", Float(0)) }
        #expect(granite == DecoderVariant())
        #expect(try variant("phi3") { $0.add("phi3.attention.sliding_window", UInt32(0)) }.attention.isEmpty)
    }

    @Test("a window of OLMo's files is of a later model, and refused by its key")
    func olmo3() throws {
        let error = #expect(throws: CheckpointError.self) {
            _ = try variant("olmo2") { $0.add("olmo2.attention.sliding_window", UInt32(4096)) }
        }
        #expect(
            error?.description.contains("'olmo2.attention.sliding_window': found 4096, wanted 0, or no such key")
                == true)
    }

    // MARK: Folders

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
        (
            "phi3", "\"sliding_window\": 40", "\"sliding_window\": -1",
            "'sliding_window': found -1, wanted 1 to 16777216"
        ),
        (
            "phi3", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4",
            "qkv_proj.weight': found shape [192, 96], wanted [288, 96], outputs first: 96 + 96 + 96 of them"
        ),
        (
            "phi3", "\"intermediate_size\": 128", "\"intermediate_size\": 256",
            "gate_up_proj.weight': found shape [256, 96], wanted [512, 96], outputs first: 256 + 256 of them"
        ),
        (
            "phi4-mini-long", "\"partial_rotary_factor\": 0.75", "\"partial_rotary_factor\": 0.5",
            "'rope_parameters.short_factor': found an array, wanted a list of 6 numbers"
        ),
        (
            "phi4-mini-long", " 1.05,", " -1.05,",
            "'rope_parameters.short_factor': found -1.05, wanted numbers above 0 and at most 1e6"
        ),
        (
            "gemma2", "\"final_logit_softcapping\": 12.0", "\"final_logit_softcapping\": -12.0",
            "'final_logit_softcapping': found -12.0, wanted more than 0.0"
        ),
        (
            "granite", "\"residual_multiplier\": 0.4", "\"residual_multiplier\": \"0.4\"",
            "'residual_multiplier': found '0.4', wanted a number"
        ),
        (
            "granite", "\"logits_scaling\": 0.5", "\"logits_scaling\": 0",
            "'logits_scaling': found 0.0, wanted more than 0.0"
        ),
        (
            "granite", "\"attention_multiplier\": 0.15", "\"attention_multiplier\": 1e9",
            "'attention_multiplier': found 1000000000.0"
        ),
        (
            "olmo2", "\"num_attention_heads\": 4", "\"num_attention_heads\": 2",
            "k_proj.weight': found shape [48, 96], wanted [96, 96]"
        ),
        (
            "smollm3", "\"num_hidden_layers\": 5", "\"num_hidden_layers\": 4",
            "'no_rope_layers': found 5 items, wanted one item for each of the 4 layers"
        ),
        ("smollm3", "    0,\n", "    2,\n", "'no_rope_layers': found 2, wanted items that this family has: 1 (turned)"),
        (
            "ministral3", "\"llama_4_scaling_beta\": 0.1", "\"llama_4_scaling_beta\": -0.1",
            "'rope_parameters.llama_4_scaling_beta': found -0.1"
        ),
        (
            "ministral3", "\"original_max_position_embeddings\": 64", "\"original_max_position_embeddings\": 0",
            "'rope_parameters.original_max_position_embeddings': found 0"
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
        ("gemma2", "gemma2.final_logit_softcapping", 0x7fc0_0000, "'gemma2.final_logit_softcapping': found nan"),
        ("gemma2", "gemma2.attn_logit_softcapping", 0xbf80_0000, "'gemma2.attn_logit_softcapping': found -1.0"),
        ("granite", "granite.residual_scale", 0xbf80_0000, "'granite.residual_scale': found -1.0"),
        ("granite", "granite.logit_scale", 0x7f80_0000, "'granite.logit_scale': found inf"),
        ("granite", "granite.attention.scale", 0x7fc0_0000, "'granite.attention.scale': found nan"),
        ("phi3", "phi3.rope.dimension_count", 25, "'phi3.rope.dimension_count': found 25, wanted 2 to 24"),
        ("phi3", "phi3.feed_forward_length", 64, "'blk.0.ffn_up.weight': found shape [256, 96], wanted [128, 96]"),
        (
            "phi4-mini-long", "phi3.rope.dimension_count", 16,
            "'rope_factors_long.weight': found dimensions [9], wanted [8]"
        ),
        (
            "phi4-mini-long", "phi3.rope.scaling.original_context_length", 0,
            "'phi3.rope.scaling.original_context_length': found 0, wanted 1 to"
        ),
        (
            "ministral3", "mistral3.attention.temperature_scale", 0xbf80_0000,
            "'mistral3.attention.temperature_scale': found -1.0"
        ),
        ("olmo2", "olmo2.attention.head_count_kv", 3, "wanted a divisor of the 4 heads of queries"),
        ("smollm3", "smollm3.block_count", 6, "tensor 'blk.5.attn_norm.weight': found no such tensor"),
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
