import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// That every matrix product of a pass is a call into OpenBLAS. The engine can't do one by itself: such a model has no
/// weights that its own kernels could read. So the calls are counted, and what they multiply.
@Suite struct ProductCountTests {
    private static let tokens = 7

    /// Calls and work of a pass over `tokens` tokens whose last row's logits are wanted.
    private func pass(_ tiny: TinyModel, threads: Int) throws -> (CountedProducts.Count, ModelConfiguration) {
        let products = CountedProducts()
        let model = try Model(tiny.checkpoint(), products: products)
        let decoder = Decoder(model: model, precision: .quantized, pool: try ThreadPool(threads: threads))
        _ = try decoder.run([
            Decoder.Segment(tokens: tiny.prompt.prefix(Self.tokens), cache: decoder.makeCache(), logits: .last)
        ])
        return (products.count, model.configuration)
    }

    @Test(
        "a pass is seven calls for each layer, two for each head of attention, and one for the head",
        arguments: TinyModel.all)
    func calls(_ tiny: TinyModel) throws {
        let (count, c) = try pass(tiny, threads: 1)
        #expect(count.calls == c.layers * (7 + 2 * c.heads) + 1)
    }

    @Test("on any number of threads the calls multiply what the model has to multiply", arguments: [1, 2, 5])
    func work(_ threads: Int) throws {
        for tiny in TinyModel.all {
            let (count, c) = try pass(tiny, threads: threads)
            let (queryWidth, keyWidth) = (c.heads * c.headDimension, c.keyValueHeads * c.headDimension)
            let weights = c.hidden * (2 * queryWidth + 2 * keyWidth + 3 * c.feedForward)
            // Every row of the tile is multiplied with every position that the last one sees.
            let attention = 2 * Self.tokens * c.heads * c.headDimension
            #expect(
                count.work == c.layers * Self.tokens * (weights + attention) + c.hidden * c.vocabulary, "\(tiny.name)")
        }
    }
}
