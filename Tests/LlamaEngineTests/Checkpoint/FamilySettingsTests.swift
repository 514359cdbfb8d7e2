import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Settings of the families that depart from llama, as files and folders state them.
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
}
