import CKernels
import Grammars

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Chooses the tokens of one sequence. Holds the sequence's random numbers and its scratch memory, so that a token
/// costs no allocation.
struct Sampler {
    private let options: Sampling
    private var random: SplitMix64
    private var kept: [WeightedToken] = []
    private var weights = TokenWeights()
    /// The logits as they are chosen by: those of the tokens that may come, all others impossible, and adjusted.
    private var changed: [Float] = []
    private var adjustment: LogitAdjustment?

    /// `options` must have passed `validate()`; the tokens of `prompt` are in the vocabulary.
    init(_ options: Sampling, prompt: [Int32] = []) {
        self.options = options
        adjustment = LogitAdjustment(options, prompt: prompt)
        random = SplitMix64(seed: options.seed ?? UInt64.random(in: .min ... .max))
    }

    /// Whether the likeliest token is always chosen, by the model's own logits.
    var isGreedy: Bool { options.temperature == 0 && adjustment == nil }

    /// - Parameter logits: one value per token of the vocabulary, left as they are. NaN counts as impossible.
    /// - Returns: nil when no token can be chosen: all logits are NaN or infinite, or logprobs were asked for and are
    ///   NaN.
    mutating func next(_ logits: UnsafeBufferPointer<Float>) -> Generation.Token? {
        adjustment == nil ? choose(logits).flatMap { token($0, logits) } : next(logits, amongAllOr: nil)
    }

    /// As `next`, from the tokens of a mask alone.
    mutating func next(_ logits: UnsafeBufferPointer<Float>, among mask: TokenMask) -> Generation.Token? {
        next(logits, amongAllOr: mask)
    }

    private mutating func next(
        _ logits: UnsafeBufferPointer<Float>, amongAllOr mask: TokenMask?
    ) -> Generation.Token? {
        var changed: [Float] = []
        swap(&changed, &self.changed)
        defer { swap(&changed, &self.changed) }
        if let mask {
            mask.keep(logits, in: &changed)
        } else {
            changed.removeAll(keepingCapacity: true)
            changed.append(contentsOf: logits)
        }
        adjustment?.apply(to: &changed)
        guard let id = changed.withUnsafeBufferPointer({ choose($0) }) else { return nil }
        adjustment?.note(id)
        return token(id, logits)
    }

    private mutating func choose(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
        let best = lk_argmax(logits.baseAddress, logits.count)
        guard best < logits.count, logits[best].isFinite else { return nil }
        return options.temperature == 0 ? Int32(best) : draw(logits, largest: logits[best])
    }

    /// A chosen token with the log probabilities that were asked for.
    private mutating func token(_ id: Int32, _ logits: UnsafeBufferPointer<Float>) -> Generation.Token? {
        guard let count = options.topLogprobs else { return Generation.Token(id: id) }
        let logTotal = lk_logsumexp(logits.baseAddress, logits.count)
        guard logTotal.isFinite else { return nil }
        keepLargest(min(count, logits.count), of: logits)
        return Generation.Token(
            id: id, logprob: logits[Int(id)] - logTotal,
            top: kept.map { Generation.Candidate(id: $0.id, logprob: $0.weight - logTotal) })
    }

    /// Draws from softmax(logits / temperature), cut by top-k and then by top-p.
    private mutating func draw(_ logits: UnsafeBufferPointer<Float>, largest: Float) -> Int32 {
        // Bounded, so that the likeliest token (0 * scale) keeps its weight of 1 at the smallest temperature.
        let scale = Float(min(1 / options.temperature, 1e30))
        let least = Float(options.minP)
        if options.topK > 0, options.topK < logits.count {
            keepLargest(options.topK, of: logits)
            weighKept { logit in
                let exponent = (logit - largest) * scale
                let weight = exponent > -30 ? expf(exponent) : 0
                return weight >= least ? weight : 0
            }
            return drawFromKept(of: kept.reduce(0) { $0 + Double($1.weight) })
        }
        weights.fill(logits, largest: largest, scale: scale, least: least)
        guard options.topP < 1 else { return weights.token(at: random.nextUnit() * weights.total) }
        weights.keep(reaching: options.topP, in: &kept)
        kept.sort(by: WeightedToken.likelier)
        return drawFromKept(of: weights.total)
    }

    /// Puts weights in the place of logits. Of fewer than `topK` tokens that are possible, the rest must not be drawn.
    private mutating func weighKept(_ weigh: (Float) -> Float) {
        for index in kept.indices {
            kept[index] = WeightedToken(id: kept[index].id, weight: weigh(kept[index].weight))
        }
        kept.removeAll { $0.weight == 0 }
    }

    /// Draws from those kept, which are sorted: from the first that reach top-p.
    /// - Parameter whole: the weight of all tokens that top-p is a share of.
    private mutating func drawFromKept(of whole: Double) -> Int32 {
        var total = whole
        var count = kept.count
        if options.topP < 1 {
            let wanted = options.topP * whole
            total = 0
            for (index, candidate) in kept.enumerated() {
                total += Double(candidate.weight)
                if total >= wanted {
                    count = index + 1
                    break
                }
            }
        }
        var left = random.nextUnit() * total
        for candidate in kept.prefix(count) {
            left -= Double(candidate.weight)
            if left < 0 { return candidate.id }
        }
        return kept[count - 1].id
    }

    /// Leaves in `kept` the `count` largest logits, largest first, by a heap whose root is the least of those kept.
    private mutating func keepLargest(_ count: Int, of logits: UnsafeBufferPointer<Float>) {
        kept.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        for id in logits.indices {
            let logit = logits[id]
            if kept.count == count, !(logit > kept[0].weight) { continue }
            if logit.isNaN { continue }
            let candidate = WeightedToken(id: Int32(id), weight: logit)
            if kept.count < count {
                kept.append(candidate)
                siftUp()
            } else {
                kept[0] = candidate
                siftDown()
            }
        }
        kept.sort(by: WeightedToken.likelier)
    }

    private mutating func siftUp() {
        var child = kept.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard WeightedToken.likelier(kept[parent], kept[child]) else { return }
            kept.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < kept.count {
                if WeightedToken.likelier(kept[least], kept[child]) { least = child }
            }
            if least == parent { return }
            kept.swapAt(parent, least)
            parent = least
        }
    }
}

extension TokenMask {
    /// Makes `masked` the logits of the mask's tokens, and minus infinity for the others.
    fileprivate func keep(_ logits: UnsafeBufferPointer<Float>, in masked: inout [Float]) {
        if masked.count != logits.count { masked = [Float](repeating: -.infinity, count: logits.count) }
        masked.withUnsafeMutableBufferPointer { masked in
            for (index, word) in words.enumerated() {
                let start = index * 64
                let end = min(start + 64, logits.count)
                guard start < end else { return }
                if word == 0 {
                    for id in start..<end { masked[id] = -.infinity }
                } else {
                    for id in start..<end {
                        masked[id] = word >> UInt64(id - start) & 1 == 1 ? logits[id] : -.infinity
                    }
                }
            }
            for id in min(words.count * 64, masked.count)..<masked.count { masked[id] = -.infinity }
        }
    }
}
