import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Against a transcription of llama.cpp's arithmetic (Scripts/reference/rope_scaling.py).
@Suite struct RopeMetadataTests {
    private struct Reference: Decodable {
        struct Case: Decodable {
            let keys: [String: Value]
            let magnitude: Double
            let frequencies: [Double]
        }

        enum Value: Decodable {
            case text(String)
            case number(Double)

            init(from decoder: any Swift.Decoder) throws {
                let container = try decoder.singleValueContainer()
                self =
                    if let text = try? container.decode(String.self) {
                        .text(text)
                    } else { .number(try container.decode(Double.self)) }
            }
        }

        let cases: [Case]
    }

    /// A file of metadata alone.
    private static func file(_ keys: [String: Reference.Value], divisors: Bool = false) throws -> GGUFFile {
        var file = GGUFWriter()
        file.add("general.architecture", "llama")
        for (key, value) in [
            ("block_count", 1), ("embedding_length", 64), ("feed_forward_length", 64), ("context_length", 4096),
            ("attention.head_count", 1),
        ] { file.add("llama.\(key)", UInt32(value)) }
        file.add("llama.attention.layer_norm_rms_epsilon", Float(1e-5))
        for (key, value) in keys {
            switch value {
            case .text(let text): file.add("llama.\(key)", text)
            case .number(let number) where key.hasSuffix("length"): file.add("llama.\(key)", UInt32(number))
            case .number(let number): file.add("llama.\(key)", Float(number))
            }
        }
        if divisors { file.addTensor("rope_freqs.weight", [32], [Float](repeating: 2, count: 32)) }
        return try GGUFFile(file: guardedFile(file.encoded().bytes))
    }

    private static func rope(_ keys: [String: Reference.Value], divisors: Bool = false) throws -> RopeConfiguration {
        let metadata = ModelMetadata(try file(keys, divisors: divisors))
        return try metadata.configuration(of: metadata.family()).rope
    }

    @Test("the rotary metadata of a GGUF file gives llama.cpp's angles and magnitude")
    func reference() throws {
        let fixture = Fixture.repository.appending(path: "Tests/Fixtures/gguf/rope.json")
        let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: fixture))
        #expect(reference.cases.count > 20)
        for item in reference.cases {
            let table = RopeTable(try Self.rope(item.keys))
            #expect(table.frequencies.count == item.frequencies.count)
            for (pair, wanted) in item.frequencies.enumerated() {
                #expect(abs(Double(table.frequencies[pair]) / wanted - 1) < 1e-6, "\(item.keys), pair \(pair)")
            }
            var cosines = [Float](repeating: 0, count: 32), sines = cosines
            table.fill(position: 0, cosines: &cosines, sines: &sines)
            #expect(abs(Double(cosines[7]) / item.magnitude - 1) < 1e-6, "\(item.keys)")
        }
    }

    @Test(
        "what can't be computed as it is meant is refused by its key",
        arguments: [
            ("rope.scaling.yarn_log_multiplier", 0.1), ("rope.scaling.yarn_attn_factor", 1.2),
            ("rope.scaling.yarn_ext_factor", 1.5), ("rope.scaling.attn_factor", 0),
            ("rope.scaling.factor", -2), ("rope.scaling.yarn_beta_fast", 0),
        ])
    func refused(_ key: String, _ value: Double) throws {
        var keys: [String: Reference.Value] = ["rope.scaling.type": .text("yarn"), "rope.scaling.factor": .number(4)]
        keys[key] = .number(value)
        let error = #expect(throws: CheckpointError.self) { try Self.rope(keys) }
        #expect(error?.field == "metadata 'llama.\(key)'")
    }

    @Test("a type that is not served is refused with those that are", arguments: ["dynamic", "su", ""])
    func types(_ type: String) throws {
        let error = #expect(throws: CheckpointError.self) { try Self.rope(["rope.scaling.type": .text(type)]) }
        #expect(error?.wanted == "one of none, linear, llama3, yarn, longrope")
    }

    @Test("Llama 3's scaling by key and by tensor at once is refused")
    func twice() throws {
        let keys: [String: Reference.Value] = [
            "rope.scaling.type": .text("llama3"), "rope.scaling.factor": .number(8),
            "rope.scaling.original_context_length": .number(8192),
        ]
        #expect(
            try Self.rope(keys).scaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192))
        let error = #expect(throws: CheckpointError.self) { try Self.rope(keys, divisors: true) }
        #expect(error?.field == "metadata 'llama.rope.scaling.type'")
    }

    /// transformers' `_compute_yarn_parameters`: for factor 4, 0.1 ln 4 + 1 = 1.1386294; with mscale 1 and
    /// mscale_all_dim 0.5, that over 0.05 ln 4 + 1.
    @Test(
        "of a config.json, attention_factor replaces the magnitude, and mscale makes another",
        arguments: [
            ("", 1.138_629_436_111_989), (#", "attention_factor": 1.0"#, 1), (#", "attention_factor": 0.8"#, 0.8),
            (#", "mscale": 1.0, "mscale_all_dim": 0.5"#, 1.064_821_625_369_571_5),
            (#", "mscale": 0.7"#, 1.138_629_436_111_989), (#", "mscale": 1, "mscale_all_dim": 1"#, 1),
            (#", "mscale": 1, "mscale_all_dim": 0.5, "attention_factor": 2"#, 2),
        ])
    func huggingFace(_ more: String, _ wanted: Double) throws {
        let folder = try FolderCopy("llama31")
        let old = try String(contentsOf: folder.url.appending(path: "config.json"), encoding: .utf8)
        let start = try #require(old.range(of: "\"rope_parameters\": {"))
        let end = try #require(old.range(of: "}", range: start.upperBound..<old.endIndex))
        let yarn =
            #"{"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64"#
        try folder.write(
            "config.json",
            old.replacingCharacters(
                in: start.lowerBound..<end.upperBound, with: "\"rope_parameters\": \(yarn)\(more)}"))
        guard case .yarn(_, _, _, _, let magnitude, let extrapolation) = try folder.load().configuration.rope.scaling
        else { throw CocoaError(.coderInvalidValue) }
        #expect(abs(magnitude - wanted) < 1e-12 && extrapolation == 1)
    }
}
