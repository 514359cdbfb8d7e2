import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Settings of the families that depart from llama that cannot be true, and settings with a byte changed.
@Suite struct FamilyRefusalTests {
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
