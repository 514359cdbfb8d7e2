import Synchronization
import Testing

@testable import Checkpoints
@testable import LlamaEngine

@Suite struct ModelLoadingTests {
    @Test("dimensions come from the metadata and the embedding")
    func configuration() throws {
        let configuration = try TinyModel.named("qwen3").load().configuration
        #expect(
            configuration
                == ModelConfiguration(
                    architecture: "qwen3", layers: 2, hidden: 256, feedForward: 320, heads: 6, keyValueHeads: 2,
                    headDimension: 64, vocabulary: 320, contextTokens: 256, normEpsilon: 1e-5,
                    rope: RopeConfiguration(theta: 10_000, dimension: 64, order: .half, scaling: .none)))
    }

    @Test("loading says which share is done, up to all of it")
    func progress() throws {
        let shares = Mutex<[Double]>([])
        let checkpoint = try ModelCheckpoint.open(path: TinyModel.named("llama").path)
        _ = try Model(checkpoint, threads: 2) { share in shares.withLock { $0.append(share) } }
        let heard = shares.withLock { $0.sorted() }
        #expect(heard.count > 1)
        #expect(heard == (1...heard.count).map { Double($0) / Double(heard.count) })
    }

    @Test("an unknown architecture is refused with the list of known ones")
    func unknownArchitecture() throws {
        var file = try PatchedFile(.named("qwen2"))
        try file.replace("qwen2", with: "bloom")
        #expect(
            message(file)
                == "qwen2.gguf: metadata 'general.architecture': found 'bloom', wanted one of "
                + ModelFamily.architectures.joined(separator: ", "))
    }

    @Test(
        "a number in the metadata that cannot be true is refused",
        arguments: [
            ("llama.block_count", 1_000_000_000, "metadata 'llama.block_count': found 1000000000, wanted 1 to 1024"),
            (
                "llama.block_count", 3,
                "tensor 'blk.2.attn_norm.weight': found no such tensor, wanted one with dimensions [256]"
            ),
            (
                "llama.embedding_length", 512,
                "tensor 'token_embd.weight': found dimensions [256, 320], wanted [512, 320]"
            ),
            ("llama.feed_forward_length", 0, "metadata 'llama.feed_forward_length': found 0, wanted 1 to 1048576"),
            ("llama.attention.head_count", 0, "metadata 'llama.attention.head_count': found 0, wanted 1 to 4096"),
            (
                "llama.attention.head_count_kv", 3,
                "metadata 'llama.attention.head_count_kv': found 3, wanted a divisor of the 4 heads of queries"
            ),
            (
                "llama.attention.head_count_kv", 4,
                "tensor 'blk.0.attn_k.weight': found dimensions [256, 128], wanted [256, 256]"
            ),
            (
                "llama.rope.dimension_count", 63,
                "metadata 'llama.rope.dimension_count': found 63, wanted an even number"
            ),
            ("llama.rope.dimension_count", 128, "metadata 'llama.rope.dimension_count': found 128, wanted 2 to 64"),
            (
                "llama.attention.layer_norm_rms_epsilon", UInt32(0x7fc0_0000),
                "metadata 'llama.attention.layer_norm_rms_epsilon': found nan, wanted more than 0.0 and at most 1.0"
            ),
        ])
    func wildMetadata(_ key: String, _ value: UInt32, _ wanted: String) throws {
        var file = try PatchedFile(.named("llama"))
        try file.set(key, to: value)
        #expect(message(file) == "llama.gguf: " + wanted)
    }

    @Test("a missing tensor is named with the shape it should have")
    func missingTensor() throws {
        var file = try PatchedFile(.named("qwen2"))
        try file.replace("blk.1.attn_q.bias", with: "blk.1.attn_q.sais")
        #expect(
            message(file)
                == "qwen2.gguf: tensor 'blk.1.attn_q.bias': found no such tensor, wanted one with dimensions [256]")
    }

    @Test("no number in the metadata ends the process: a file is refused or it runs")
    func anyNumber() throws {
        let tiny = try TinyModel.named("llama")
        let keys = [
            "context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count",
            "attention.head_count_kv", "rope.dimension_count", "rope.freq_base", "attention.layer_norm_rms_epsilon",
            "vocab_size",
        ]
        var refused = 0
        for key in keys {
            for value: UInt32 in [0, 1, 2, 5, 255, 1 << 16, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
                var file = try PatchedFile(tiny)
                try file.set("llama." + key, to: value)
                do {
                    let (decoder, cache) = try Decoder.make(file.load(), .quantized)
                    _ = try decoder.run([Decoder.Segment(tokens: [1, 2], cache: cache, logits: .last)])
                } catch is CheckpointError {
                    refused += 1
                }
            }
        }
        #expect(refused > 50)
    }

    private func message(_ file: PatchedFile) -> String {
        do {
            _ = try file.load()
            return "loaded"
        } catch {
            return "\(error)"
        }
    }
}
