import Parallel
import Synchronization
import Tokenizers

/// An embedding model with threads to run it on. Any thread may call; `embed` computes on the caller's thread and the
/// pool's, one pass at a time, so call it where blocking is allowed.
package final class EmbeddingEngine: Sendable {
    package let model: EncoderModel
    package let threads: Int
    private let encoder: Mutex<Encoder>

    /// - Throws: `ThreadPoolError`.
    package init(model: EncoderModel, threads: Int) throws(ThreadPoolError) {
        self.model = model
        let pool = try ThreadPool(threads: threads)
        self.threads = pool.threads
        encoder = Mutex(Encoder(model: model, pool: pool))
    }

    /// Rows of one pass: enough to keep all threads busy, few enough for what lies between its steps to stay in the
    /// caches, and for a pass to end soon and another's to begin.
    package static let passRowsMax = 4 * Encoder.blockRows

    /// Cuts sequences of these lengths into passes: consecutive ones, `passRowsMax` rows together where one alone has
    /// no more.
    package static func passes(_ lengths: [Int]) -> [Range<Int>] {
        var passes: [Range<Int>] = []
        var (start, rows) = (0, 0)
        for (index, length) in lengths.enumerated() {
            if rows + length > passRowsMax, index > start {
                passes.append(start..<index)
                (start, rows) = (index, 0)
            }
            rows += length
        }
        if start < lengths.count { passes.append(start..<lengths.count) }
        return passes
    }

    /// One pass: see `Encoder.embed`.
    package func embed(_ tokens: ArraySlice<[Int32]>) throws(OutOfMemoryError) -> [[Float]] {
        try encoder.withLock { encoder throws(OutOfMemoryError) in try encoder.embed(tokens) }
    }

    /// A text's tokens, within what the model takes.
    package func tokens(of text: String, keeping end: WordPiece.Keeping = .start) -> WordPiece.Encoding {
        model.tokenizer.encode(text, tokensMax: model.configuration.tokensMax, keeping: end)
    }
}
