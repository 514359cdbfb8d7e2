import Parallel

/// Measures a model without an engine: how fast it reads and writes, how well it predicts a text, and how far rounding
/// takes it from the same computed in f32. One thread at a time, and not one of Swift's cooperative threads: each call
/// computes until it is done.
package final class ModelMeasurement {
    let decoder: Decoder
    let chunkTokens: Int
    let clock: MeasuringClock
    /// Computed with the model; nil: the model alone.
    let adapter: Adapter?

    /// - Parameter chunkTokens: tokens of a prompt in one pass; by default as many as a provider computes at once. With
    ///   1 a text goes the way that an answer goes.
    package init(
        model: Model, precision: Precision, cachePrecision: CachePrecision? = nil, threads: Int,
        chunkTokens: Int? = nil, clock: MeasuringClock = .wall, adapter: Adapter? = nil
    ) throws(ThreadPoolError) {
        decoder = Decoder(
            model: model, precision: precision, cachePrecision: cachePrecision, pool: try ThreadPool(threads: threads))
        let usual = model.products == nil ? Generation.Options().prefillTokensMax : CBLAS.prefillTokens
        self.chunkTokens = max(1, chunkTokens ?? usual)
        self.clock = clock
        self.adapter = adapter
    }

    /// One pass.
    func run(_ segments: [Decoder.Segment]) throws(GenerationError) -> UnsafeBufferPointer<Float> {
        do throws(OutOfMemoryError) { return try decoder.run(segments) } catch { throw GenerationError(error) }
    }

    package var vocabulary: Int { decoder.model.configuration.vocabulary }
    /// Positions that the model was made for.
    package var contextTokens: Int { decoder.model.configuration.contextTokens }
}
