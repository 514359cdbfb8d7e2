import Foundation
import Testing

@testable import LlamaEngine

/// The starter's model against transformers in f32 on its dequantised weights
/// (Scripts/reference/make_smollm2_logits.py). Skipped where the model has not been fetched: in the folder that
/// LLAMA_STACK_MODELS names, or in the package's `models`.
@Suite(.enabled(if: SmolLM2.path != nil, "models/\(SmolLM2.file) is absent; `make model` fetches it"))
struct SmolLM2Tests {
    @Test("the exact path's logits are those of transformers", arguments: SmolLM2.prompts)
    func exact(_ prompt: SmolLM2.Prompt) throws {
        let logits = try SmolLM2.logits(of: prompt, .exact)
        if prompt.whole {
            let difference = try largestDifference(logits, SmolLM2.reference(prompt))
            print("SmolLM2 \(prompt.name) exact: largest difference \(difference)")
            #expect(difference < 1e-3)
        }
        #expect(likeliest(logits) == prompt.top)
        #expect(largestDifference(prompt.top.map { logits[Int($0)] }, prompt.topLogits) < 1e-3)
    }

    /// Measured: 0.0016 to 0.0039 nats, differing with the instruction set.
    @Test(
        "the quantized path's distribution is close to that of transformers", arguments: SmolLM2.prompts.filter(\.whole)
    )
    func quantized(_ prompt: SmolLM2.Prompt) throws {
        let logits = try SmolLM2.logits(of: prompt, .quantized)
        let divergence = try divergence(of: logits, from: SmolLM2.reference(prompt))
        print("SmolLM2 \(prompt.name) quantized: KL divergence \(divergence)")
        #expect(divergence < 0.01)
    }

    @Test("tokens are scored as measurements score them, to the bit", arguments: Precision.allCases)
    func scores(_ precision: Precision) async throws {
        let model = try Model(path: #require(SmolLM2.path), precision: precision)
        let text = SmolLM2.prompts.map(\.prompt).reduce([]) { $0.count < $1.count ? $1 : $0 }
        // A window's second half is scored, but for its first token.
        let window = try TextWindows(text, windowTokens: text.count)
        let measurement = try ModelMeasurement(model: model, precision: precision, threads: 2)
        var wanted: [Float] = []
        try TextWindows.eachScored(window.windows[0], [measurement]) { position, next, logits throws(GenerationError) in
            wanted.append(Float(try logProbability(of: next, in: logits[0], at: position)))
        }
        let probe = try EngineProbe(model) { $0.precision = precision }
        var request = Generation.Request(prompt: text)
        request.scoredTokens = wanted.count
        let scored = try await probe.submit(request).all().compactMap { event -> Float? in
            if case .token(let token) = event { token.logprob } else { nil }
        }
        #expect(wanted.count > 4 && scored == wanted)
        // The measurement's own logarithm of softmax rounds once in 32 bits; this does not.
        let logits = try SmolLM2.logits(of: SmolLM2.prompts[0], precision)
        let largest = Double(logits.max() ?? 0)
        let total = logits.reduce(0) { $0 + exp(Double($1) - largest) }
        let exactly = Double(logits[100]) - largest - log(total)
        let rounded = try logits.withUnsafeBufferPointer { try logProbability(of: 100, in: $0, at: 0) }
        #expect(abs(rounded - exactly) < 1e-5)
    }

    private func likeliest(_ logits: [Float]) -> [Int32] {
        logits.indices.sorted { logits[$0] > logits[$1] }.prefix(5).map(Int32.init)
    }

    /// Kullback-Leibler divergence of softmax(logits) from softmax(reference).
    private func divergence(of logits: [Float], from reference: [Float]) -> Double {
        func logProbabilities(_ logits: [Float]) -> [Double] {
            let largest = Double(logits.max() ?? 0)
            let total = logits.reduce(0) { $0 + exp(Double($1) - largest) }
            return logits.map { Double($0) - largest - log(total) }
        }
        return zip(logProbabilities(reference), logProbabilities(logits)).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
}

enum SmolLM2 {
    struct Prompt: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let prompt: [Int32]
        /// Whether the logits of the whole vocabulary are there.
        let whole: Bool
        let top: [Int32]
        let topLogits: [Float]

        enum CodingKeys: String, CodingKey {
            case name, prompt, whole, top
            case topLogits = "top_logits"
        }

        var testDescription: String { name }
    }

    private struct Manifest: Decodable {
        let prompts: [Prompt]
    }

    static let file = "SmolLM2-135M-Instruct.Q4_1.gguf"

    static let path: String? = {
        let package = TinyModel.folder.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder =
            ProcessInfo.processInfo.environment["LLAMA_STACK_MODELS"].map { URL(filePath: $0) }
            ?? package.appending(path: "models")
        let path = folder.appending(path: file).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    private static let references = TinyModel.folder.appending(path: "smollm2")

    static let prompts: [Prompt] = {
        do {
            let data = try Data(contentsOf: references.appending(path: "manifest.json"))
            return try JSONDecoder().decode(Manifest.self, from: data).prompts
        } catch {
            preconditionFailure("Tests/Fixtures/models/smollm2/manifest.json: \(error)")
        }
    }()

    /// Logits of the last position.
    static func logits(of prompt: Prompt, _ precision: Precision) throws -> [Float] {
        let (decoder, cache) = try Decoder.make(Model(path: #require(path)), precision)
        return Array(try decoder.run([Decoder.Segment(tokens: prompt.prompt[...], cache: cache, logits: .last)]))
    }

    static func reference(_ prompt: Prompt) throws -> [Float] {
        try TinyModel.floats(references.appending(path: "\(prompt.name).logits.bin"))
    }
}
