import ArgumentParser
import CKernels
import Checkpoints
import CommandSupport
import DurableFiles
import Foundation
import LlamaEngine

struct BenchShape: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shape",
        abstract: "Write a GGUF file of random weights in the shape of a well-known model, to measure speed with.",
        discussion: """
            1b, 3b and 8b are the shapes of Llama 3.2 1B, Llama 3.2 3B and Llama 3.1 8B; 1b-moe is 1b with 32 experts, \
            of which each token goes through 8, together as wide as the one network of 1b. The file has no \
            vocabulary: engines can time it, and nothing else. Weights are the same from run to run.

              llama-stack-bench shape 1b --type Q4_K_M 1b.gguf
            """)

    @Argument(help: "1b, 3b, 8b or 1b-moe.") var shape: ModelShape
    @Argument(help: "The file to write; it must not exist.", completion: .file()) var output: String
    @Option(help: "Q4_0, Q4_1, Q8_0, F16, BF16, or a K-quant mixture: Q4_K_M.") var type: ShapeType = .q4KM

    func run() throws {
        let tensors = shape.tensors(type)
        do {
            try FileOutput.create(output) { file throws(FileError) in
                try GGUFOutput.write(tensors, metadata: shape.metadata(type), to: file)
            }
        } catch {
            throw Fail.with("error: \(error)", exitCode: 73)
        }
        let bytes = tensors.reduce(0) { $0 + $1.byteCount }
        Output.line("\(output): \(shape.rawValue), \(type.rawValue), \(bytes) bytes of weights")
    }
}

/// The types that a shape's matrices can have.
enum ShapeType: String, ExpressibleByArgument, CaseIterable {
    case q4KM = "Q4_K_M"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q8_0 = "Q8_0"
    case f16 = "F16"
    case bf16 = "BF16"

    /// With GGUF's number of the file type.
    var usual: (type: lk_type, file: UInt32) {
        switch self {
        case .q4KM: (LK_Q4_K, 15)
        case .q4_0: (LK_Q4_0, 2)
        case .q4_1: (LK_Q4_1, 3)
        case .q8_0: (LK_Q8_0, 7)
        case .f16: (LK_F16, 1)
        case .bf16: (LK_BF16, 32)
        }
    }

    /// The type of the head, and of values and the feed-forward's second half in some layers, as llama.cpp's quantiser
    /// chooses for its mixtures.
    var better: lk_type { self == .q4KM ? LK_Q6_K : usual.type }
}

/// The dimensions of a model of the architecture `llama`, with experts as Mixtral has them.
enum ModelShape: String, ExpressibleByArgument, CaseIterable {
    case small = "1b"
    case medium = "3b"
    case large = "8b"
    case smallExperts = "1b-moe"

    private var dimensions: (hidden: Int, layers: Int, feedForward: Int, heads: Int, keyValueHeads: Int, head: Int) {
        switch self {
        case .small: (2048, 16, 8192, 32, 8, 64)
        // An eighth of it is an expert's.
        case .smallExperts: (2048, 16, 1024, 32, 8, 64)
        case .medium: (3072, 28, 8192, 24, 8, 128)
        case .large: (4096, 32, 14336, 32, 8, 128)
        }
    }

    /// nil for dense models.
    private var experts: (count: Int, used: Int)? { self == .smallExperts ? (32, 8) : nil }

    private static let vocabulary = 128_256
    private var tiesHead: Bool { self != .large }

    func metadata(_ type: ShapeType) -> [(key: String, value: GGUFOutput.Value)] {
        let size = dimensions
        let shared: [(key: String, value: GGUFOutput.Value)] = [
            ("general.architecture", .string("llama")), ("general.name", .string("random \(rawValue)")),
            ("general.file_type", .uint32(type.usual.file)), ("general.quantization_version", .uint32(2)),
            ("llama.context_length", .uint32(131_072)), ("llama.embedding_length", .uint32(UInt32(size.hidden))),
            ("llama.block_count", .uint32(UInt32(size.layers))),
            ("llama.feed_forward_length", .uint32(UInt32(size.feedForward))),
            ("llama.attention.head_count", .uint32(UInt32(size.heads))),
            ("llama.attention.head_count_kv", .uint32(UInt32(size.keyValueHeads))),
            ("llama.attention.key_length", .uint32(UInt32(size.head))),
            ("llama.attention.value_length", .uint32(UInt32(size.head))),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
            ("llama.rope.dimension_count", .uint32(UInt32(size.head))), ("llama.rope.freq_base", .float32(500_000)),
            ("llama.vocab_size", .uint32(UInt32(Self.vocabulary))), ("tokenizer.ggml.model", .string("no_vocab")),
        ]
        guard let experts else { return shared }
        return shared + [
            ("llama.expert_count", .uint32(UInt32(experts.count))),
            ("llama.expert_used_count", .uint32(UInt32(experts.used))),
        ]
    }

    func tensors(_ type: ShapeType) -> [GGUFOutput.Tensor] {
        let size = dimensions
        var seed: UInt64 = 0
        func matrix(_ name: String, _ shape: [Int], _ type: lk_type) -> GGUFOutput.Tensor {
            seed += 1
            return .random(name + ".weight", type, shape, seed: seed)
        }
        func matrix(_ name: String, _ outputs: Int, _ inputs: Int, _ type: lk_type) -> GGUFOutput.Tensor {
            matrix(name, [outputs, inputs], type)
        }
        func norm(_ name: String) -> GGUFOutput.Tensor {
            GGUFOutput.Tensor(name + ".weight", LK_F32, [size.hidden], byteCount: 4 * size.hidden) {
                output throws(FileError) in try output.write([Float](repeating: 1, count: size.hidden))
            }
        }
        let usual = type.usual.type
        var tensors = [matrix("token_embd", Self.vocabulary, size.hidden, tiesHead ? type.better : usual)]
        for layer in 0..<size.layers {
            // llama.cpp's rule: the first and the last eighth of the layers, and every third between them.
            let (eighth, better) = (size.layers / 8, type.better)
            let isFirstOrLast = layer < eighth || layer >= 7 * size.layers / 8
            let more = isFirstOrLast || (layer - eighth) % 3 == 2 ? better : usual
            let name = "blk.\(layer)."
            tensors += [
                norm(name + "attn_norm"),
                matrix(name + "attn_q", size.heads * size.head, size.hidden, usual),
                matrix(name + "attn_k", size.keyValueHeads * size.head, size.hidden, usual),
                matrix(name + "attn_v", size.keyValueHeads * size.head, size.hidden, more),
                matrix(name + "attn_output", size.hidden, size.heads * size.head, usual),
                norm(name + "ffn_norm"),
            ]
            if let experts { tensors.append(matrix(name + "ffn_gate_inp", experts.count, size.hidden, LK_F32)) }
            // Those of all experts are one tensor.
            let (count, suffix) = experts.map { ([$0.count], "_exps") } ?? ([], "")
            tensors += [
                matrix(name + "ffn_gate" + suffix, count + [size.feedForward, size.hidden], usual),
                matrix(name + "ffn_up" + suffix, count + [size.feedForward, size.hidden], usual),
                matrix(name + "ffn_down" + suffix, count + [size.hidden, size.feedForward], more),
            ]
        }
        tensors.append(norm("output_norm"))
        if !tiesHead { tensors.append(matrix("output", Self.vocabulary, size.hidden, type.better)) }
        return tensors
    }
}

extension GGUFOutput.Tensor {
    /// A matrix, or those of all experts, of random weights of about the size that trained ones have.
    fileprivate static func random(_ name: String, _ type: lk_type, _ shape: [Int], seed: UInt64) -> Self {
        let (count, inputs) = (shape.dropLast().reduce(1, *), shape[shape.count - 1])
        return Self(name, type, shape, byteCount: count * lk_row_bytes(type, inputs)) { output throws(FileError) in
            // Some rows again and again: a processor does not see that, and a file of 5 GB takes seconds. A router has
            // 32 outputs and no two the same, or pairs of experts would be chosen together.
            let rows = (0..<32).map { RandomRow.make(type, inputs, seed: seed &* 32 &+ UInt64($0)) }
            for row in 0..<count { try output.write(rows[row % rows.count]) }
        }
    }
}

private enum RandomRow {
    static func make(_ type: lk_type, _ count: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var row = [UInt8](repeating: 0, count: lk_row_bytes(type, count))
        let places: [Int]
        switch type {
        case LK_Q4_K: places = [0, 2]
        case LK_Q6_K: places = [208]
        default:
            let values = (0..<count).map { _ in Float.random(in: -0.05...0.05, using: &random) }
            _ = lk_row_from_f32(type, values, count, &row)
            return row
        }
        // A K-quant has no quantiser here: any bits are weights, under a scale that makes them small.
        for index in row.indices { row[index] = UInt8.random(in: 0...255, using: &random) }
        var scale: UInt16 = 0
        lk_f16_from_f32([5e-5], &scale, 1)
        for block in stride(from: 0, to: row.count, by: lk_row_bytes(type, 256)) {
            for place in places {
                row[block + place] = UInt8(truncatingIfNeeded: scale)
                row[block + place + 1] = UInt8(truncatingIfNeeded: scale >> 8)
            }
        }
        return row
    }
}
