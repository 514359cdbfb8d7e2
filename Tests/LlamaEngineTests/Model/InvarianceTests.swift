import Testing

@testable import LlamaEngine
@testable import Parallel

/// A row's logits depend on its sequence alone, to the last bit. Prefix sharing, pre-emption and speculation rest on
/// it.
@Suite struct InvarianceTests {
    private func decoder(_ model: Model, _ precision: Precision, threads: Int) throws -> Decoder {
        Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
    }

    @Test(
        "a row is the same among 1 to 48 rows, on 1, 2 and 3 threads",
        arguments: ["llama31", "type-Q4_1", "type-Q8_0", "type-F16", "type-Q4_K"] + TinyModel.families.map(\.name),
        Precision.allCases)
    func rows(_ name: String, _ precision: Precision) throws {
        let tiny = try TinyModel.named(name)
        let model = try tiny.load()
        let prompt = (0..<30).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        var reference: [Float] = []
        for threads in 1...3 {
            let decoder = try decoder(model, precision, threads: threads)
            let cache = decoder.makeCache()
            _ = try decoder.allLogits(Array(prompt.dropLast()), chunk: 29, cache: cache)
            for rows in 1...48 {
                var segments = [Decoder.Segment(tokens: prompt.suffix(1), cache: cache, logits: .last)]
                let others = (0..<rows - 1).map { tiny.prompt[$0 * 5 % tiny.prompt.count] }
                // Some rows before it, some after, of two other sequences.
                let (before, after) = (others.prefix(rows / 3), others.dropFirst(rows / 3))
                if !before.isEmpty {
                    segments.insert(
                        Decoder.Segment(tokens: before, cache: decoder.makeCache(), logits: .all), at: 0)
                }
                if !after.isEmpty {
                    segments.append(Decoder.Segment(tokens: after, cache: decoder.makeCache(), logits: .last))
                }
                let vocabulary = model.configuration.vocabulary
                let logits = try decoder.run(segments)
                let own = Array(logits.dropFirst(before.count * vocabulary).prefix(vocabulary))
                if reference.isEmpty { reference = own }
                let isSame = own == reference
                #expect(isSame, "\(rows) rows, \(threads) threads")
                cache.truncate(to: 29)
            }
        }
    }

    @Test(
        "a prompt cut anywhere ends in the same row, on 1, 2 and 3 threads",
        arguments: ["llama", "qwen3", "type-Q4_1"] + TinyModel.families.map(\.name), Precision.allCases)
    func splits(_ name: String, _ precision: Precision) throws {
        let tiny = try TinyModel.named(name)
        let model = try tiny.load()
        // Past the end of a page.
        let prompt = (0..<134).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        let vocabulary = model.configuration.vocabulary
        var reference: [Float] = []
        for threads in 1...3 {
            let decoder = try decoder(model, precision, threads: threads)
            for cut in stride(from: 0, to: prompt.count, by: threads == 1 ? 1 : 9) {
                let cache = decoder.makeCache()
                if cut > 0 {
                    _ = try decoder.run([Decoder.Segment(tokens: prompt[..<cut], cache: cache, logits: .none)])
                }
                let logits = try decoder.run([Decoder.Segment(tokens: prompt[cut...], cache: cache, logits: .last)])
                if reference.isEmpty { reference = Array(logits.suffix(vocabulary)) }
                let isSame = Array(logits.suffix(vocabulary)) == reference
                #expect(isSame, "cut at \(cut), \(threads) threads")
            }
        }
    }
}
