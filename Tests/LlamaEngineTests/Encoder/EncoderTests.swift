import Foundation
import ModelFixtures
import Testing

@testable import LlamaEngine

/// Against sentence-transformers in f32.
@Suite("Embeddings")
struct EncoderTests {
    @Test("the exact path gives the reference's vectors", arguments: [1, 3])
    func exact(threads: Int) throws {
        try expectVectors(
            "tiny.bin", EncoderFixture.engine(EncoderFixture.tiny, .exact, threads: threads), within: 1e-5)
    }

    @Test("int8 stays near the reference even for random weights")
    func quantized() throws {
        try expectVectors("tiny.bin", EncoderFixture.engine(EncoderFixture.tiny, .quantized), within: 3e-3)
    }

    @Test(
        "MiniLM's vectors are the reference's: 1e-5 exact, 1e-3 in int8",
        .enabled(if: Fixture.model(EncoderFixture.miniLM) != nil, "`make embedding-model` fetches it"),
        arguments: [(Precision.exact, 1e-5), (.quantized, 1e-3)])
    func miniLM(precision: Precision, tolerance: Double) throws {
        let path = try #require(Fixture.model(EncoderFixture.miniLM))
        try expectVectors("minilm.bin", EncoderFixture.engine(path, precision), within: tolerance)
    }

    /// Two channels in 32 and 64 times as large as the others, for the feed-forward alone; without them in what
    /// follows, the vector is made of the others.
    @Test("channels that a norm makes large take nothing from the others in int8")
    func largeChannels() throws {
        let path = try EncoderFixture.tiny { name, width, values in
            for channel in [3, 35] {
                for index in stride(from: channel, to: values.count, by: width) {
                    if name.hasSuffix("intermediate.dense.weight") { values[index] /= 64 }
                    if name.hasSuffix("output.LayerNorm.weight") {
                        values[index] *= name.contains("attention") ? 64 : 0
                    }
                }
            }
        }
        let texts = try EncoderFixture.texts()
        let wanted = try EncoderFixture.embed(texts, EncoderFixture.engine(path, .exact))
        let found = try EncoderFixture.embed(texts, EncoderFixture.engine(path, .quantized))
        let distance = try #require(zip(found, wanted).map(EncoderFixture.distance).max())
        // 3.4e-3 where the norm's weights are in the activations.
        #expect(distance < 5e-4, "\(distance)")
    }

    @Test(
        "a text's vector is the same to the bit whatever is computed beside it, on any number of threads",
        arguments: [Precision.exact, .quantized])
    func independent(precision: Precision) throws {
        let texts = try EncoderFixture.texts()
        let together = try EncoderFixture.embed(
            texts, EncoderFixture.engine(EncoderFixture.tiny, precision, threads: 3))
        let engine = try EncoderFixture.engine(EncoderFixture.tiny, precision, threads: 1)
        for (text, vector) in zip(texts, together) {
            #expect(try EncoderFixture.embed([text], engine) == [vector], "\(text.prefix(40).debugDescription)")
        }
    }

    @Test("a vector has length 1")
    func length() throws {
        let engine = try EncoderFixture.engine(EncoderFixture.tiny, .quantized)
        let vector = try EncoderFixture.embed(["the sea"], engine)[0]
        #expect(vector.count == 64 && abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    }

    @Test("a text that is longer than the model takes is cut, and said to be")
    func truncation() throws {
        let engine = try EncoderFixture.engine(EncoderFixture.tiny, .quantized)
        let encoding = engine.tokens(of: String(repeating: "the sea ", count: 100))
        #expect(encoding.isTruncated && encoding.tokens.count == 48)
    }

    @Test("passes take texts in order, up to their rows, and a long text alone")
    func passes() {
        let most = EmbeddingEngine.passRowsMax
        #expect(EmbeddingEngine.passes([]) == [])
        #expect(EmbeddingEngine.passes([most - 1, 1, 1]) == [0..<2, 2..<3])
        #expect(EmbeddingEngine.passes([5, most + 9, 5]) == [0..<1, 1..<2, 2..<3])
    }

    private func expectVectors(_ name: String, _ engine: EmbeddingEngine, within tolerance: Double) throws {
        let texts = try EncoderFixture.texts()
        let wanted = try EncoderFixture.vectors(name)
        let found = try EncoderFixture.embed(texts, engine)
        try #require(found.count == wanted.count && texts.count >= 50)
        let distances = zip(found, wanted).map(EncoderFixture.distance)
        print("\(name) \(engine.model.precision): largest cosine distance \(distances.max() ?? .nan)")
        for (text, distance) in zip(texts, distances) {
            #expect(distance <= tolerance, "\(text.prefix(40).debugDescription)")
        }
    }
}
