import Testing

@testable import InferenceBLAS
@testable import LlamaEngine
@testable import Parallel

/// The engine through OpenBLAS against its own kernels in f32, which `LogitsTests` compare with transformers. Logits
/// reach 20 to 32.
@Suite struct BLASLogitsTests {
    private func decoder(_ tiny: TinyModel, _ products: (any MatrixProducts)?) throws -> Decoder {
        Decoder(
            model: try Model(tiny.checkpoint(), products: products), precision: .exact, pool: try ThreadPool(threads: 2)
        )
    }

    private func logits(_ decoder: Decoder, _ tokens: [Int32], chunk: Int) throws -> [Float] {
        let cache = decoder.makeCache()
        return try stride(from: 0, to: tokens.count, by: chunk).flatMap { start in
            let part = tokens[start..<min(tokens.count, start + chunk)]
            return Array(try decoder.run([Decoder.Segment(tokens: part, cache: cache, logits: .all)]))
        }
    }

    private func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
        guard a.count == b.count else { return .infinity }
        return zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    }

    @Test("every architecture and every type of weights has the logits of the exact path", arguments: TinyModel.all)
    func exact(_ tiny: TinyModel) throws {
        let own = try logits(decoder(tiny, nil), tiny.prompt, chunk: 64)
        let blas = try logits(decoder(tiny, CBLAS.openBLAS()), tiny.prompt, chunk: 64)
        let difference = largestDifference(own, blas)
        print("\(tiny.name) through OpenBLAS: largest difference \(difference)")
        #expect(difference < 1e-3)
    }

    @Test(
        "a mixture of experts has the logits of the exact path, on 1 and 2 threads",
        arguments: [
            "qwen3moe.gguf", "qwen3moe-odd.gguf", "qwen3moe-fused.gguf", "qwen3_moe", "qwen2moe.gguf",
            "qwen2moe-odd.gguf", "mixtral-single.gguf",
        ], [1, 2])
    func mixtures(_ name: String, _ threads: Int) throws {
        let tokens = (0..<40).map { Int32($0 * 7 % 96) }
        let both = try [nil, CBLAS.openBLAS()].map { products in
            let model = try Model(TinyModel.mixture(name), products: products)
            let decoder = Decoder(model: model, precision: .exact, pool: try ThreadPool(threads: threads))
            return try [1, 40].map { try logits(decoder, tokens, chunk: $0) }
        }
        for (own, blas) in zip(both[0], both[1]) { #expect(largestDifference(own, blas) < 1e-3) }
    }

    /// `inline::cpu` gives the same bits however a prompt is cut; a BLAS sums in an order that depends on a product's
    /// shape.
    @Test("exempt from the rule of equal bits: a prompt in other chunks has nearly the same logits")
    func chunks() throws {
        for tiny in TinyModel.all {
            let decoder = try decoder(tiny, CBLAS.openBLAS())
            let whole = try logits(decoder, tiny.prompt, chunk: tiny.prompt.count)
            for chunk in [1, 7] {
                #expect(largestDifference(try logits(decoder, tiny.prompt, chunk: chunk), whole) < 1e-3, "\(tiny.name)")
            }
        }
    }

    @Test("a prompt of several pages of keys, and of several tiles, has the logits of the exact path")
    func pages() throws {
        let tiny = try #require(TinyModel.all.first { $0.name == "llama" })
        // Longer than the model's context, which is the engine's business.
        let prompt = (0..<2 * KVLayout.positions + 34).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        let own = try logits(decoder(tiny, nil), prompt, chunk: prompt.count)
        for chunk in [prompt.count, 100] {
            #expect(largestDifference(try logits(decoder(tiny, CBLAS.openBLAS()), prompt, chunk: chunk), own) < 1e-3)
        }
    }

    @Test("weights that a checkpoint holds in parts, or in several files, are decoded whole")
    func parts() throws {
        for name in ["meta-llama2", "llama31"] {
            let prompt: [Int32] = [1, 50, 99, 7, 200, 31]
            let both = try [nil, CBLAS.openBLAS()].map { products in
                let model = try Model(TinyModel.folder(name), products: products)
                let decoder = Decoder(model: model, precision: .exact, pool: try ThreadPool(threads: 2))
                return try logits(decoder, prompt, chunk: prompt.count)
            }
            #expect(largestDifference(both[0], both[1]) < 1e-3, "\(name)")
        }
    }

    @Test("keys and values of another sequence, whole pages and part of one, are read as its own", arguments: [5, 40])
    func sharing(_ rest: Int) throws {
        let tiny = try #require(TinyModel.all.first { $0.name == "llama" })
        let decoder = try decoder(tiny, CBLAS.openBLAS())
        let prompt = (0..<KVLayout.positions + rest + 3).map { tiny.prompt[$0 * 7 % tiny.prompt.count] }
        let pool = KVPagePool(layout: decoder.cacheLayout, pagesMax: .max)
        let (first, second) = (KVCache(pool: pool), KVCache(pool: pool))
        let whole = Array(try decoder.run([Decoder.Segment(tokens: prompt[...], cache: first, logits: .all)]))
        second.adopt(first.pages[0], at: 0)
        second.copy(rest, of: first.pages[1])
        let end = Array(
            try decoder.run([
                Decoder.Segment(tokens: prompt[(KVLayout.positions + rest)...], cache: second, logits: .all)
            ]))
        #expect(largestDifference(Array(whole.suffix(end.count)), end) < 1e-3)
    }

    @Test("sequences in one pass do not see each other")
    func segments() throws {
        let tiny = try #require(TinyModel.all.first { $0.name == "qwen3" })
        let decoder = try decoder(tiny, CBLAS.openBLAS())
        let other = Array(tiny.prompt.reversed().prefix(9))
        let alone = try logits(decoder, tiny.prompt, chunk: 64) + logits(decoder, other, chunk: 64)
        let together = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt[...], cache: decoder.makeCache(), logits: .all),
            Decoder.Segment(tokens: other[...], cache: decoder.makeCache(), logits: .all),
        ])
        #expect(largestDifference(Array(together), alone) < 1e-3)
    }

    @Test("a model whose products are another library's is computed in f32, whatever was asked for")
    func precision() throws {
        let model = try Model(TinyModel.all[0].checkpoint(), products: CBLAS.openBLAS())
        let decoder = Decoder(model: model, precision: .quantized, pool: try ThreadPool(threads: 1))
        #expect(decoder.precision == .exact)
        #expect(decoder.cacheLayout.element == .f32)
    }
}
