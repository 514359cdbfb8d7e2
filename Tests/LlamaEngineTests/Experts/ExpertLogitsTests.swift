import Testing

@testable import LlamaEngine
@testable import Parallel

/// Mixtures of experts against transformers in f32 on the same, dequantised weights. Logits reach 10 to 18.
@Suite struct ExpertLogitsTests {
    @Test("the exact path's logits are those of transformers", arguments: TinyMixture.all)
    func exact(_ tiny: TinyMixture) throws {
        let difference = try difference(of: tiny, .exact)
        print("\(tiny.name) exact: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    /// Where two experts are nearly as likely, rounded activations may choose another than the reference: so rows are
    /// judged by the middle one, and each by a bound that a row of noise breaks.
    @Test("the quantized path's logits are close to those of transformers", arguments: TinyMixture.all)
    func quantized(_ tiny: TinyMixture) throws {
        let model = try tiny.load(.quantized)
        let (decoder, cache) = try Decoder.make(model, .quantized)
        let vocabulary = model.configuration.vocabulary
        let wanted = try tiny.referenceLogits()
        let found = try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache).suffix(wanted.count)
        let rows = stride(from: 0, to: wanted.count, by: vocabulary).map { start in
            largestDifference(
                found.dropFirst(start).prefix(vocabulary), wanted.dropFirst(start).prefix(vocabulary))
        }.sorted()
        print("\(tiny.name) quantized: middle difference \(rows[rows.count / 2]), largest \(rows[rows.count - 1])")
        #expect(rows[rows.count / 2] < 1)
        #expect(rows[rows.count - 1] < 8)
    }

    private func difference(of tiny: TinyMixture, _ precision: Precision) throws -> Float {
        let model = try tiny.load(precision)
        let (decoder, cache) = try Decoder.make(model, precision)
        let wanted = try tiny.referenceLogits()
        #expect(wanted.count == tiny.rows * model.configuration.vocabulary)
        return largestDifference(
            try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache).suffix(wanted.count), wanted)
    }

    @Test(
        "a prompt in chunks, or token by token, gives the logits of the whole to the last bit, on 1 to 3 threads",
        arguments: TinyMixture.all, Precision.allCases)
    func chunks(_ tiny: TinyMixture, _ precision: Precision) throws {
        let model = try tiny.load(precision)
        // Longer than the rows from which on threads share the router's product by rows.
        let prompt = (0..<70).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        var whole: [Float] = []
        for threads in 1...3 {
            let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
            for chunk in [prompt.count, 1, 7, 33] {
                let parts = try decoder.allLogits(prompt, chunk: chunk, cache: decoder.makeCache())
                if whole.isEmpty { whole = parts }
                #expect(parts == whole, "chunks of \(chunk), \(threads) threads")
            }
        }
    }

    @Test(
        "a row is the same among 1 to 48 rows of other sequences, on 1 to 3 threads", arguments: TinyMixture.files,
        Precision.allCases)
    func rows(_ tiny: TinyMixture, _ precision: Precision) throws {
        let model = try tiny.load(precision)
        let vocabulary = model.configuration.vocabulary
        var reference: [Float] = []
        for threads in 1...3 {
            let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
            let cache = decoder.makeCache()
            _ = try decoder.allLogits(Array(tiny.prompt.prefix(9)), chunk: 9, cache: cache)
            for rows in [1, 2, 3, 5, 8, 17, 31, 32, 48] {
                let others = (0..<rows - 1).map { tiny.prompt[$0 * 5 % tiny.prompt.count] }
                let (before, after) = (others.prefix(rows / 3), others.dropFirst(rows / 3))
                var segments = [Decoder.Segment(tokens: tiny.prompt[9..<10], cache: cache, logits: .last)]
                if !before.isEmpty {
                    segments.insert(Decoder.Segment(tokens: before, cache: decoder.makeCache(), logits: .none), at: 0)
                }
                if !after.isEmpty {
                    segments.append(Decoder.Segment(tokens: after, cache: decoder.makeCache(), logits: .none))
                }
                let own = Array(try decoder.run(segments).prefix(vocabulary))
                if reference.isEmpty { reference = own }
                let isSame = own == reference
                #expect(isSame, "\(rows) rows, \(threads) threads")
                cache.truncate(to: 9)
            }
        }
    }

    @Test("a prompt that begins like another's is answered as without it", arguments: Precision.allCases)
    func sharing(_ precision: Precision) async throws {
        let tiny = try TinyMixture.named("qwen3moe")
        let model = try tiny.load(precision)
        func probe(sharing: Bool) throws -> EngineProbe {
            try EngineProbe(model) {
                $0.precision = precision
                $0.prefixSharing = sharing
            }
        }
        let prompt = (0..<150).map { tiny.prompt[$0 * 3 % tiny.prompt.count] }
        for known in [20, 100, 130] {
            let second = Array(prompt[..<known]) + [5, 6, 7]
            let alone = try await probe(sharing: false).answer(second, 12)
            let shared = try probe(sharing: true)
            _ = try await shared.answer(prompt, 3)
            #expect(try await shared.answer(second, 12) == alone, "\(known) tokens in common")
            #expect(shared.engine.load.tokensShared > 0)
        }
    }
}
