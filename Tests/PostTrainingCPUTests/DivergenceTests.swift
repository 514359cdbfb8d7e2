import Foundation
import ProviderKit
import Testing

/// Ten kinds of jobs that may not end well: each fails in words or completes, and no checkpoint holds anything but
/// numbers.
struct DivergenceTests {
    /// What a kind does to a good request or to the base, and how its log ends; empty: with numbers, or in words.
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        var strange: Float?
        var end = "failed: step "
        var change: @Sendable (inout PostTrainingSFTRequest) -> Void = { _ in }

        var testDescription: String { name }
    }

    private static let question = #"{"role": "user", "content": "a"}"#
    private static let answer = #"{"role": "assistant", "content": "b"}"#

    private static let kinds = [
        Kind(name: "a base with a number that is none", strange: .nan),
        Kind(name: "a base with an infinite number", strange: .infinity),
        Kind(name: "a rate of 1e38") { $0.optimizerConfig.lr = 1e38 },
        Kind(name: "a rate of 1e38 and no momentum", end: "") {
            ($0.optimizerConfig.lr, $0.optimizerConfig.optimizerType) = (1e38, .sgd)
        },
        Kind(name: "a rate of 1e6 and no clip", end: "") {
            $0.optimizerConfig.lr = 1e6
            $0.hyperparamSearchConfig["clip_norm"] = 0
        },
        Kind(name: "a decay of 1e38") { $0.optimizerConfig.weightDecay = 1e38 },
        Kind(name: "every number trained at a rate of 1e38") {
            ($0.optimizerConfig.lr, $0.algorithm) = (1e38, .full)
        },
        Kind(name: "one row", end: "completed") {
            $0.dataset = Samples.dataset(#"{"dialog": [\#(question), \#(answer)]}"#)
        },
        Kind(name: "rows without an answer", end: "failed: no row is left to train on") {
            $0.dataset = Samples.dataset(#"{"dialog": [\#(question)]}"#)
        },
        Kind(name: "answers that are all left out", end: "failed: no row is left to train on") {
            $0.dataset = Samples.dataset(
                #"{"dialog": [\#(question), \#(answer)], "keep_loss": [true, false]}"#,
                ["dialog": .dialog, "keep_loss": .json])
        },
    ]

    @Test("a job that diverges fails in words, and no checkpoint has a number that is none", arguments: kinds)
    func diverges(_ kind: Kind) async throws {
        try await withTraining(model: TinyModel(strange: kind.strange)) { server in
            var request = Samples.supervised("a", steps: 12, search: ["checkpoint_steps": 1, "warmup_ratio": 0])
            kind.change(&request)
            try await server.train(request)
            let log = try await server.log("a")
            let last = log.last ?? ""
            #expect(last.hasPrefix(kind.end), "\(log.suffix(3))")
            if kind.end == "failed: step " { #expect(last.contains("is not finite, on rows "), "\(last)") }
            #expect([.completed, .failed].contains(try await server.status("a").status))
            for checkpoint in try await server.artifacts("a") {
                let folder = try #require(URL(string: checkpoint.path.string)).path
                #expect(try Self.isFinite(folder), "\(checkpoint.iters)")
            }
        }
    }

    /// Whether all numbers of a checkpoint's tensors are.
    private static func isFinite(_ folder: String) throws -> Bool {
        for name in ["adapter_model.safetensors", "optimizer.safetensors"] {
            guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
            let header = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            let numbers = bytes.dropFirst(8 + header).withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count - 3, by: 4).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
                }
            }
            guard numbers.allSatisfy(\.isFinite) else { return false }
        }
        return true
    }
}
