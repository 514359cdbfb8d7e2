import Testing

@testable import LlamaEngine
@testable import Parallel

/// Against PEFT in f32, on the tiny models' dequantised weights. Logits reach 30, and each adapter changes some by 10
/// to 28.
@Suite struct AdapterLogitsTests {
    @Test("the exact path's logits with an adapter are those of PEFT", arguments: TinyAdapter.all)
    func exact(_ tiny: TinyAdapter) throws {
        let difference = try difference(of: tiny, .exact)
        print("\(tiny.name) exact: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    /// As without adapters: int8 activations in front of random weights, whose rounding nothing averages out.
    @Test("the quantized path's logits with an adapter are close to those of PEFT", arguments: TinyAdapter.all)
    func quantized(_ tiny: TinyAdapter) throws {
        let difference = try difference(of: tiny, .quantized)
        print("\(tiny.name) quantized: largest difference \(difference)")
        #expect(difference < 2)
    }

    private func difference(of tiny: TinyAdapter, _ precision: Precision) throws -> Float {
        let base = try TinyModel.named(tiny.base)
        let model = try base.load()
        let (decoder, cache) = try Decoder.make(model, precision)
        let logits = try decoder.logits(base.prompt, chunk: 64, cache: cache, try tiny.load(for: model))
        let wanted = try tiny.referenceLogits()
        #expect(wanted.count == base.rows * model.configuration.vocabulary)
        return largestDifference(logits[(base.firstRow * model.configuration.vocabulary)...], wanted)
    }

    @Test(
        "base and adapters in one pass give the bits of each alone, whatever the order",
        arguments: Precision.allCases, [1, 2, 3])
    func together(_ precision: Precision, _ threads: Int) throws {
        let base = try TinyModel.named("llama")
        let model = try base.load()
        let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: threads))
        let adapters: [Adapter?] =
            [nil]
            + (try ["llama-all", "llama-qv", "llama-down", "llama-dora", "llama-head"].map {
                try TinyAdapter.named($0).load(for: model)
            })
        let alone = try adapters.map {
            try decoder.logits(base.prompt, chunk: 50, cache: decoder.makeCache(), $0)
        }
        // Runs of rows with one adapter that begin and end within a block, next to others of the same one.
        let order = [1, 1, 0, 4, 4, 2, 2, 3, 5, 1, 0, 2, 5, 4]
        let lengths = [37, 40, 5, 30, 40, 1, 70, 3, 35, 2, 33, 31, 1, 1]
        let logits = try decoder.run(
            zip(order, lengths).map { index, length in
                Decoder.Segment(
                    tokens: base.prompt.prefix(length), cache: decoder.makeCache(), logits: .all,
                    adapter: adapters[index])
            })
        let vocabulary = model.configuration.vocabulary
        var row = 0
        for (index, length) in zip(order, lengths) {
            let own = logits[row * vocabulary..<(row + length) * vocabulary]
            #expect(Array(own) == Array(alone[index].prefix(own.count)), "\(length) rows of \(index)")
            row += length
        }
    }

    /// Biases, and a head that is the embedding.
    @Test("the same where head and embedding are one, of which the first alone changes", arguments: Precision.allCases)
    func tied(_ precision: Precision) throws {
        let base = try TinyModel.named("qwen2")
        let model = try base.load()
        let (decoder, _) = try Decoder.make(model, precision)
        let adapters: [Adapter?] =
            [nil] + (try ["qwen2-dora-tied", "qwen2-head-tied"].map { try TinyAdapter.named($0).load(for: model) })
        let alone = try adapters.map { try decoder.logits(base.prompt, chunk: 7, cache: decoder.makeCache(), $0) }
        let order = [2, 0, 1, 1, 2]
        let segments = order.map {
            Decoder.Segment(
                tokens: base.prompt[...], cache: decoder.makeCache(), logits: $0 == 1 ? .last : .all,
                adapter: adapters[$0])
        }
        var logits = Array(try decoder.run(segments))[...]
        for (index, segment) in zip(order, segments) {
            let count = segment.logitRows * model.configuration.vocabulary
            #expect(Array(logits.prefix(count)) == Array(alone[index].suffix(count)), "\(index)")
            logits = logits.dropFirst(count)
        }
    }

    @Test(
        "a prompt with an adapter gives the same bits however it is cut", arguments: TinyAdapter.all,
        Precision.allCases)
    func chunks(_ tiny: TinyAdapter, _ precision: Precision) throws {
        let base = try TinyModel.named(tiny.base)
        let model = try base.load()
        let adapter = try tiny.load(for: model)
        let (decoder, cache) = try Decoder.make(model, precision)
        let prompt = Array(base.prompt.prefix(70))
        let whole = try decoder.logits(prompt, chunk: prompt.count, cache: cache, adapter)
        for chunk in [1, 7, 33] {
            let parts = try decoder.logits(prompt, chunk: chunk, cache: decoder.makeCache(), adapter)
            #expect(parts == whole, "chunks of \(chunk)")
        }
    }

    @Test("a pass without adapters gives the bits that it gave before one with adapters", arguments: Precision.allCases)
    func afterwards(_ precision: Precision) throws {
        let base = try TinyModel.named("llama")
        let model = try base.load()
        let (decoder, cache) = try Decoder.make(model, precision)
        let before = try decoder.logits(base.prompt, chunk: 64, cache: cache, nil)
        let adapter = try TinyAdapter.named("llama-all").load(for: model)
        let changed = try decoder.logits(base.prompt, chunk: 64, cache: decoder.makeCache(), adapter)
        #expect(changed != before)
        #expect(try decoder.logits(base.prompt, chunk: 64, cache: decoder.makeCache(), nil) == before)
    }
}

extension Decoder {
    /// Logits of every token of `tokens` with an adapter, computed in chunks of `chunk`.
    func logits(_ tokens: [Int32], chunk: Int, cache: KVCache, _ adapter: Adapter?) throws -> [Float] {
        var all: [Float] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = tokens[start..<min(tokens.count, start + chunk)]
            all += try run([Segment(tokens: part, cache: cache, logits: .all, adapter: adapter)])
        }
        return all
    }
}
