import CKernels
import Parallel
import Synchronization

/// Scores sequences by a classifier's head on their last token's hidden state. What all sequences of a call begin with
/// is computed once. A score is the same to the last bit whatever sequences it is computed beside.
///
/// Any thread may call; a call computes on the caller's thread and the pool's until it is done, one call at a time.
package final class SequenceClassifier: Sendable {
    package let model: ClassifierModel
    package let threads: Int
    private let passes: Mutex<ClassifierPasses>

    /// Tokens of one pass, over all sequences.
    static let passTokensMax = 256

    /// - Throws: `ThreadPoolError`.
    package init(model: ClassifierModel, precision: Precision, threads: Int) throws(ThreadPoolError) {
        self.model = model
        let pool = try ThreadPool(threads: threads)
        self.threads = pool.threads
        let decoder = Decoder(model: model.decoder, precision: precision, pool: pool)
        passes = Mutex(ClassifierPasses(model: model, decoder: decoder))
    }

    /// The score of each sequence, in order.
    /// - Parameters:
    ///   - sequences: token ids; each has one at least and fits the model's context.
    ///   - isCancelled: asked between passes.
    /// - Throws: `GenerationError`; `CancellationError` when told so.
    package func scores(of sequences: [[Int32]], isCancelled: @Sendable () -> Bool = { false }) throws -> [Float] {
        let configuration = model.decoder.configuration
        for tokens in sequences {
            guard !tokens.isEmpty else { throw GenerationError.emptyPrompt }
            guard tokens.count <= configuration.contextTokens else {
                throw GenerationError.contextLengthExceeded(
                    limit: configuration.contextTokens, promptTokens: tokens.count, requested: 0)
            }
            if let index = tokens.firstIndex(where: { $0 < 0 || Int($0) >= configuration.vocabulary }) {
                throw GenerationError.tokenOutOfRange(
                    id: tokens[index], index: index, vocabulary: configuration.vocabulary)
            }
        }
        return try passes.withLock { try $0.scores(of: sequences, isCancelled) }
    }
}

/// The passes of one classifier, one after the other.
private final class ClassifierPasses {
    private let model: ClassifierModel
    private let decoder: Decoder
    private let pages: KVPagePool
    private var state: [Float]

    /// A sequence's part in a pass.
    private struct Part {
        let index: Int
        let segment: Decoder.Segment
        let isLast: Bool
    }

    init(model: ClassifierModel, decoder: Decoder) {
        (self.model, self.decoder) = (model, decoder)
        pages = KVPagePool(layout: decoder.cacheLayout, pagesMax: .max)
        state = [Float](repeating: 0, count: model.decoder.configuration.hidden)
    }

    func scores(of sequences: [[Int32]], _ isCancelled: @Sendable () -> Bool) throws -> [Float] {
        var scores = [Float](repeating: 0, count: sequences.count)
        let beginning = try read(commonBeginning(sequences), isCancelled)
        var (pending, tokens): ([Part], Int) = ([], 0)
        func flush() throws {
            guard !pending.isEmpty else { return }
            if isCancelled() { throw CancellationError() }
            try run(pending, &scores)
            (pending, tokens) = ([], 0)
        }
        for (index, sequence) in sequences.enumerated() {
            let cache = try beginning.copy(in: pages)
            var start = cache.count
            while start < sequence.count {
                if tokens == SequenceClassifier.passTokensMax { try flush() }
                let end = min(sequence.count, start + SequenceClassifier.passTokensMax - tokens)
                let segment = Decoder.Segment(tokens: sequence[start..<end], cache: cache, logits: .none)
                pending.append(Part(index: index, segment: segment, isLast: end == sequence.count))
                tokens += end - start
                start = end
                // A sequence has one part in a pass.
                if start < sequence.count { try flush() }
            }
        }
        try flush()
        return scores
    }

    /// All but the last token of each sequence may be in it.
    private func commonBeginning(_ sequences: [[Int32]]) -> ArraySlice<Int32> {
        guard sequences.count > 1, var common = sequences.first?.dropLast() else { return [] }
        for other in sequences.dropFirst() {
            common = common.prefix(common.commonPrefix(with: other.dropLast()))
        }
        return common
    }

    private func read(_ tokens: ArraySlice<Int32>, _ isCancelled: @Sendable () -> Bool) throws -> KVCache {
        let cache = KVCache(pool: pages)
        var rest = tokens
        while !rest.isEmpty {
            if isCancelled() { throw CancellationError() }
            let part = rest.prefix(SequenceClassifier.passTokensMax)
            try run([Decoder.Segment(tokens: part, cache: cache, logits: .none)])
            rest = rest.dropFirst(part.count)
        }
        return cache
    }

    private func run(_ segments: [Decoder.Segment]) throws(GenerationError) {
        do throws(OutOfMemoryError) { _ = try decoder.run(segments) } catch { throw GenerationError(error) }
    }

    private func run(_ parts: [Part], _ scores: inout [Float]) throws {
        try run(parts.map(\.segment))
        var row = 0
        for part in parts {
            row += part.segment.tokens.count
            guard part.isLast else { continue }
            decoder.finalState(ofRow: row - 1, to: &state)
            scores[part.index] = zip(state, model.head).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        }
    }
}

extension Decoder {
    /// The normed hidden state of a row of the last pass, as the head is given it.
    func finalState(ofRow row: Int, to state: inout [Float]) {
        let hidden = model.configuration.hidden
        state.withUnsafeMutableBufferPointer {
            lk_rmsnorm(
                workspace.residual.base + row * hidden, model.weights.finalNorm.base, model.configuration.normEpsilon,
                hidden, $0.baseAddress)
        }
    }
}

extension KVCache {
    /// A cache with the same keys and values: full pages are shared, the last one is copied as far as it is filled.
    /// - Parameter pool: this cache's own.
    func copy(in pool: KVPagePool) throws(GenerationError) -> KVCache {
        let copy = KVCache(pool: pool)
        let (full, rest) = count.quotientAndRemainder(dividingBy: KVLayout.positions)
        for index in 0..<full { copy.adopt(pages[index], at: index) }
        if rest > 0 { copy.copy(rest, of: pages[full]) }
        guard copy.count == count else { throw .outOfMemory(bytes: layout.pageBytes) }
        return copy
    }
}
