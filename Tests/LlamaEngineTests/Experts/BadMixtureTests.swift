import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Mixtures of experts that say what cannot be.
@Suite struct BadMixtureTests {
    private func message(_ file: PatchedFile) -> String {
        do {
            _ = try file.load()
            return "loaded"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "a number of experts that cannot be true is refused with its key",
        arguments: [
            ("expert_count", 0, "metadata 'qwen3moe.expert_count': found 0, wanted 1 to 4096"),
            ("expert_count", 5000, "metadata 'qwen3moe.expert_count': found 5000, wanted 1 to 4096"),
            ("expert_count", 9, "tensor 'blk.0.ffn_gate_inp.weight': found dimensions [128, 8], wanted [128, 9]"),
            ("expert_used_count", 9, "metadata 'qwen3moe.expert_used_count': found 9, wanted 1 to 8"),
            ("expert_used_count", 0, "metadata 'qwen3moe.expert_used_count': found 0, wanted 1 to 8"),
            (
                "expert_feed_forward_length", 65,
                "tensor 'blk.0.ffn_gate_exps.weight': found dimensions [128, 64, 8], wanted [128, 65, 8]"
            ),
            (
                "expert_feed_forward_length", 0,
                "metadata 'qwen3moe.expert_feed_forward_length': found 0, wanted 1 to 1048576"
            ),
        ] as [(String, UInt32, String)])
    func numbers(_ key: String, _ value: UInt32, _ wanted: String) throws {
        var file = try TinyMixture.named("qwen3moe").patched()
        try file.set("qwen3moe." + key, to: value)
        #expect(message(file) == "qwen3moe.gguf: " + wanted)
    }

    @Test(
        "a tensor that is missing is named with the shape that it should have",
        arguments: [
            ("blk.1.ffn_gate_inp.weight", "[128, 8]"), ("blk.1.ffn_up_exps.weight", "[128, 64, 8]"),
            ("blk.0.ffn_down_exps.weight", "[64, 128, 8]"),
        ])
    func missing(_ name: String, _ dimensions: String) throws {
        var file = try TinyMixture.named("qwen3moe").patched()
        try file.replace(name, with: name.replacing("exps", with: "expz").replacing("inp", with: "inq"))
        #expect(
            message(file)
                == "qwen3moe.gguf: tensor '\(name)': found no such tensor, wanted one with dimensions \(dimensions)")
    }

    @Test("no number of a mixture's metadata ends the process: a file is refused or it runs")
    func anyNumber() throws {
        var refused = 0
        for key in ["expert_count", "expert_used_count", "expert_feed_forward_length", "feed_forward_length"] {
            for value: UInt32 in [0, 1, 2, 7, 255, 1 << 16, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
                var file = try TinyMixture.named("qwen3moe").patched()
                try file.set("qwen3moe." + key, to: value)
                do {
                    let (decoder, cache) = try Decoder.make(file.load(), .quantized)
                    _ = try decoder.run([Decoder.Segment(tokens: [1, 2], cache: cache, logits: .last)])
                } catch is CheckpointError {
                    refused += 1
                }
            }
        }
        #expect(refused > 18)
    }

    @Test(
        "a router whose products are no numbers ends nothing, and does not reach other sequences", arguments: [1, 40])
    func notNumbers(_ rows: Int) throws {
        let tiny = try TinyMixture.named("qwen3moe")
        var file = try tiny.patched()
        let router = try #require(try file.open().tensors.first { $0.name == "blk.1.ffn_gate_inp.weight" })
        // 0xffffffff is a NaN.
        file.set(router.byteRange, to: 0xff)
        for precision in Precision.allCases {
            let (decoder, cache) = try Decoder.make(file.load(), precision)
            let tokens = (0..<rows).map { tiny.prompt[$0 % tiny.prompt.count] }
            let logits = try decoder.run([Decoder.Segment(tokens: tokens[...], cache: cache, logits: .last)])
            #expect(logits.allSatisfy { $0.isNaN })
        }
    }

    @Test(
        "a router that is not a softmax over all experts is refused by its key",
        arguments: [
            ("expert_gating_func", UInt32(2), "found 2, wanted 1, softmax, as qwen3moe has it"),
            ("expert_group_count", 8, "found 8, wanted 1, as qwen3moe has it"),
            ("expert_shared_count", 2, "found 2, wanted at most 1, as qwen3moe has it"),
        ])
    func routers(_ key: String, _ value: UInt32, _ words: String) {
        #expect(refusal { $0.add("qwen3moe." + key, value) } == "metadata 'qwen3moe.\(key)': " + words)
    }

    @Test("weights that are scaled are refused by their key")
    func scaled() {
        #expect(
            refusal { $0.add("qwen3moe.expert_weights_scale", Float(2.5)) }
                == "metadata 'qwen3moe.expert_weights_scale': found 2.5, wanted 1, or no such key")
    }

    private func refusal(_ change: (inout GGUFWriter) -> Void) -> String? {
        let error = #expect(throws: CheckpointError.self) {
            var file = GGUFWriter()
            file.add("general.architecture", "qwen3moe")
            for (key, value) in [
                ("block_count", 1), ("embedding_length", 64), ("feed_forward_length", 96), ("context_length", 64),
                ("attention.head_count", 2), ("expert_count", 4), ("expert_used_count", 2),
            ] as [(String, UInt32)] { file.add("qwen3moe.\(key)", value) }
            file.add("qwen3moe.attention.layer_norm_rms_epsilon", Float(1e-5))
            change(&file)
            _ = try ModelCheckpoint(GGUFFile(file: guardedFile(file.encoded().bytes)))
        }
        return error.map { "\($0.field): found \($0.found), wanted \($0.wanted)" }
    }

    @Test(
        "settings of a folder that cannot be are refused by their key",
        arguments: [
            ("num_local_experts", "0", "'num_local_experts': found 0, wanted 1 to 4096"),
            ("num_experts_per_tok", "9", "'num_experts_per_tok': found 9, wanted 1 to 8"),
            ("decoder_sparse_step", "0", "'decoder_sparse_step': found 0, wanted 1 to 1024"),
            ("mlp_only_layers", "[4]", "'mlp_only_layers': found 4, wanted layers from 0 to 3"),
            ("mlp_only_layers", "3", "'mlp_only_layers': found 3, wanted an array of layers"),
            ("norm_topk_prob", "1", "'norm_topk_prob': found 1, wanted true or false"),
            ("moe_intermediate_size", "65", "found shape [64, 128], wanted [65, 128]"),
            // Layer 3 has no experts in the file.
            ("mlp_only_layers", "[]", "tensor 'model.layers.3.mlp.gate.weight': found no such tensor, wanted one"),
        ])
    func settings(_ key: String, _ value: String, _ words: String) throws {
        let folder = try FolderCopy("qwen3_moe", in: TinyMixture.root)
        try folder.set("config.json", key, value)
        #expect(folder.refusal.contains(words), "\(folder.refusal)")
    }

    @Test("experts of a layer that the settings call dense are refused, not read over")
    func denseByMistake() throws {
        let folder = try FolderCopy("qwen3_moe", in: TinyMixture.root)
        try folder.set("config.json", "mlp_only_layers", "[1, 3]")
        #expect(folder.refusal.contains("found experts, wanted a model of the architecture qwen3moe without it"))
    }

    @Test(
        "a tensor of one expert, or of the shared one, that is missing or of another shape is named",
        arguments: [
            ("mixtral-single", "blk.1.ffn_down.3.weight", "blk.1.ffn_down.7.weight", "[96, 128]"),
            ("qwen2moe", "blk.0.ffn_up_shexp.weight", "blk.0.ffn_up_shexq.weight", "[128, 96]"),
            ("qwen2moe", "blk.0.ffn_gate_inp_shexp.weight", "blk.0.ffn_gate_inq_shexp.weight", "[128]"),
        ])
    func oneExpert(_ model: String, _ name: String, _ other: String, _ dimensions: String) throws {
        var file = try TinyMixture.named(model).patched()
        try file.replace(name, with: other)
        #expect(
            message(file)
                == "\(model).gguf: tensor '\(name)': found no such tensor, wanted one with dimensions \(dimensions)")
    }

    @Test("the width of the shared expert must be its tensors'")
    func sharedWidth() throws {
        var file = try TinyMixture.named("qwen2moe").patched()
        try file.set("qwen2moe.expert_shared_feed_forward_length", to: 64)
        #expect(
            message(file)
                == "qwen2moe.gguf: tensor 'blk.0.ffn_gate_shexp.weight': found dimensions [128, 96], wanted [128, 64]")
    }

    @Test("a llama with experts in its metadata or in its tensors alone is refused, not taken for a dense one")
    func halfMixtral() throws {
        var file = try TinyMixture.named("mixtral").patched()
        try file.set("llama.expert_count", to: 0)
        #expect(message(file).contains("found experts, wanted a model of the architecture llama without it"))
        var other = try TinyMixture.named("mixtral").patched()
        try other.set("llama.expert_used_count", to: 5)
        #expect(message(other) == "mixtral.gguf: metadata 'llama.expert_used_count': found 5, wanted 1 to 4")
    }

    @Test("a folder says which of its layers are dense")
    func denseLayers() throws {
        let checkpoint = try ModelCheckpoint.open(path: TinyMixture.named("qwen3_moe").path)
        #expect(
            checkpoint.configuration.experts
                == ExpertConfiguration(
                    count: 8, used: 3, width: 64, sharedWidth: 0, normalisesWeights: false, denseLayers: [0, 2, 3]))
        #expect(checkpoint.unusedTensors.isEmpty)
    }

    @Test("no tensor of a tiny mixture goes unread", arguments: TinyMixture.all)
    func unread(_ tiny: TinyMixture) throws {
        #expect(try ModelCheckpoint.open(path: tiny.path).unusedTensors.isEmpty)
    }
}
