import Foundation
import ModelFixtures
import Testing

@testable import LlamaEngine

@Suite struct DivergenceTests {
    /// A text that no tokenizer wrote.
    private static func text(windows: Int, of tokens: Int = 32, vocabulary: Int) throws -> TextWindows {
        var random = SplitMix(seed: 7)
        let ids = (0..<windows * tokens + 3).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
        return try TextWindows(ids, windowTokens: tokens)
    }

    private static func measurement(
        _ name: String, _ precision: Precision, chunkTokens: Int = 128
    ) throws -> ModelMeasurement {
        try ModelMeasurement(
            model: TinyModel.named(name).load(), precision: precision, threads: 1, chunkTokens: chunkTokens)
    }

    @Test("a model does not diverge from itself, however its text is cut into passes")
    func itself() throws {
        let exact = try Self.measurement("llama", .exact)
        let text = try Self.text(windows: 3, vocabulary: exact.vocabulary)
        let result = try Self.measurement("llama", .exact, chunkTokens: 1).divergence(from: exact, of: text)
        #expect(result.mean.value < 1e-6)
        #expect(result.sameTop == 1)
        #expect(result.perplexity.tokens == 3 * 15)
        #expect(abs(result.perplexity.value / result.basePerplexity.value - 1) < 1e-5)
    }

    @Test("what rounding does shows, and is a small thing")
    func rounding() throws {
        let exact = try Self.measurement("type-Q4_1", .exact)
        let text = try Self.text(windows: 4, vocabulary: exact.vocabulary)
        let result = try Self.measurement("type-Q4_1", .quantized).divergence(from: exact, of: text)
        #expect(result.mean.value > 1e-9 && result.mean.value < 0.01, "\(result)")
        #expect(result.median <= result.percentile99 && result.percentile99 <= result.largest)
    }

    @Test("perplexity is the same alone and beside a base")
    func perplexity() throws {
        let quantized = try Self.measurement("type-Q4_1", .quantized)
        let exact = try Self.measurement("type-Q4_1", .exact)
        let text = try Self.text(windows: 2, vocabulary: exact.vocabulary)
        let result = try quantized.divergence(from: exact, of: text)
        let (own, base) = (try quantized.perplexity(of: text), try exact.perplexity(of: text))
        #expect(result.perplexity == own)
        #expect(result.basePerplexity == base)
    }

    @Test("divergence is that of the two distributions, worked out by hand")
    func byHand() {
        // p = (1/2, 1/4, 1/4), q = (1/4, 1/4, 1/2): KL = 1/2 ln 2 - 1/4 ln 2 = 1/4 ln 2. Logits are known up to a
        // constant.
        let base: [Float] = [log(2) + 5, 5, 5]
        let other: [Float] = [-3, -3, log(2) - 3]
        let value = base.withUnsafeBufferPointer { base in
            other.withUnsafeBufferPointer { klDivergence(of: $0, from: base) }
        }
        #expect(abs(value - 0.25 * log(2.0)) < 1e-6)
    }

    @Test("windows begin with the token that begins a text, and a rest is left out")
    func windows() throws {
        let text = try TextWindows(Array(0..<11), windowTokens: 4, beginning: 99)
        #expect(text.windows == [[99, 1, 2, 3], [99, 5, 6, 7]])
        let first = try TextWindows(Array(0..<11), windowTokens: 4, windowsMax: 1)
        #expect(first.windows == [[0, 1, 2, 3]])
    }

    @Test("a text shorter than a window, a window beyond the context and another vocabulary are refused by name")
    func refusals() throws {
        let model = try Self.measurement("llama", .exact)
        func name(_ body: () throws -> Void) -> String? {
            do {
                try body()
            } catch GenerationError.invalidParameter(let name, _) {
                return name
            } catch {
                Issue.record(error)
            }
            return nil
        }
        #expect(name { _ = try TextWindows([1, 2, 3], windowTokens: 4) } == "text")
        #expect(name { _ = try TextWindows([1, 2, 3], windowTokens: 3) } == "window")
        let long = try Self.text(windows: 1, of: model.contextTokens + 1, vocabulary: model.vocabulary)
        #expect(name { _ = try model.perplexity(of: long) } == "window")
    }

    @Test("a sequence can be continued again and again from the same depth")
    func sequences() throws {
        let model = try Self.measurement("llama", .quantized)
        let sequences = try model.sequences(3, depth: 200)
        for _ in 0..<3 {
            let time = try model.decodeTime(tokens: 50, in: sequences)
            #expect(time > .zero)
        }
        #expect(throws: GenerationError.self) { try model.decodeTime(tokens: 57, in: sequences) }
    }
}
