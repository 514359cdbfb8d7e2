import CKernels
import Testing

@testable import LlamaEngine

/// Against transformers in f32 on the same, dequantised weights. Logits reach 20 to 32.
@Suite struct LogitsTests {
    @Test("the exact path's logits are those of transformers", arguments: TinyModel.all)
    func exact(_ tiny: TinyModel) throws {
        let difference = try difference(of: tiny, .exact)
        print("\(tiny.name) exact: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    /// int8 activations round each value to 1 part in 254 of its block's largest; with these random weights nothing
    /// averages out, and the largest differences measured are 0.3 to 0.9 (0.02 where weights are not int8 either).
    @Test("the quantized path's logits are close to those of transformers", arguments: TinyModel.all)
    func quantized(_ tiny: TinyModel) throws {
        let difference = try difference(of: tiny, .quantized)
        print("\(tiny.name) quantized: largest difference \(difference)")
        #expect(difference < 2)
    }

    private func difference(of tiny: TinyModel, _ precision: Precision) throws -> Float {
        let model = try tiny.load(precision)
        let (decoder, cache) = try Decoder.make(model, precision)
        let logits = try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache)
        let wanted = try tiny.referenceLogits()
        #expect(wanted.count == tiny.rows * model.configuration.vocabulary)
        return largestDifference(logits[(tiny.firstRow * model.configuration.vocabulary)...], wanted)
    }

    @Test(
        "a prompt in chunks, or token by token, gives the logits of the whole to the last bit",
        arguments: TinyModel.all, Precision.allCases)
    func chunks(_ tiny: TinyModel, _ precision: Precision) throws {
        let (decoder, cache) = try Decoder.make(tiny.load(precision), precision)
        let whole = try decoder.allLogits(tiny.prompt, chunk: tiny.prompt.count, cache: cache)
        for chunk in [1, 7, 100] {
            let parts = try decoder.allLogits(tiny.prompt, chunk: chunk, cache: decoder.makeCache())
            #expect(parts == whole, "chunks of \(chunk)")
        }
    }

    /// The rows of the embedding are the one thing that is not rounded otherwise.
    @Test("F16 kept as bf16 gives nearly the logits of F16 rounded in each product")
    func roundedWeights() throws {
        let tiny = try TinyModel.named("type-F16")
        let (asInFile, cache) = try Decoder.make(tiny.load(), .quantized)
        let (kept, keptCache) = try Decoder.make(tiny.load(.quantized), .quantized)
        let difference = largestDifference(
            try kept.allLogits(tiny.prompt, chunk: 64, cache: keptCache),
            try asInFile.allLogits(tiny.prompt, chunk: 64, cache: cache))
        print("F16 kept as bf16: largest difference \(difference)")
        #expect(difference < 0.5)
        #expect(asInFile.model.isExact)
        #expect(kept.model.isExact == (lk_has_bf16(LK_F16) == 0))
    }

    @Test(
        "a prompt longer than a span of attention gives the same bits however it is cut", arguments: Precision.allCases)
    func spans(_ precision: Precision) throws {
        let tiny = try TinyModel.named("llama")
        let (decoder, _) = try Decoder.make(tiny.load(), precision)
        // Longer than the model's context, which is the engine's business.
        let count = KernelBackend.spanPositions + 34
        let prompt = (0..<count).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        let last = { (chunk: Int) in
            Array(try decoder.allLogits(prompt, chunk: chunk, cache: decoder.makeCache()).suffix(2000))
        }
        let whole = try last(count)
        for chunk in [1, 100, 257] { #expect(try last(chunk) == whole, "chunks of \(chunk)") }
    }

    @Test("sequences in one pass do not see each other", arguments: Precision.allCases)
    func segments(_ precision: Precision) throws {
        let tiny = try TinyModel.named("qwen3")
        let (decoder, cache) = try Decoder.make(tiny.load(), precision)
        let other = Array(tiny.prompt.reversed().prefix(9))
        let alone = [
            try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache),
            try decoder.allLogits(other, chunk: 64, cache: decoder.makeCache()),
        ]
        let together = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt[...], cache: decoder.makeCache(), logits: .all),
            Decoder.Segment(tokens: other[...], cache: decoder.makeCache(), logits: .all),
        ])
        #expect(Array(together) == alone.flatMap { $0 })
    }

    @Test("a cache cut back gives the logits of the shorter sequence")
    func truncation() throws {
        let tiny = try TinyModel.named("llama")
        let (decoder, cache) = try Decoder.make(tiny.load(), .exact)
        let whole = try decoder.allLogits(tiny.prompt, chunk: 150, cache: cache)
        cache.truncate(to: 120)
        #expect(cache.count == 120)
        let again = try decoder.allLogits(Array(tiny.prompt[120...]), chunk: 30, cache: cache)
        #expect(again == whole.suffix(again.count))
    }

    @Test("only the rows asked for come back")
    func rows() throws {
        let tiny = try TinyModel.named("llama31")
        let (decoder, cache) = try Decoder.make(tiny.load(), .exact)
        let whole = try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache)
        let none = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt.prefix(10), cache: decoder.makeCache(), logits: .none)
        ])
        #expect(none.isEmpty)
        let last = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt[...], cache: decoder.makeCache(), logits: .last)
        ])
        #expect(Array(last) == whole.suffix(last.count))
        #expect(last.count == decoder.model.configuration.vocabulary)
    }
}
