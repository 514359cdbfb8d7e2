import CKernels

/// The weights of a vocabulary's tokens in a draw, in memory that is used again for every draw.
struct TokenWeights {
    private var weights: [Float] = []
    private var places: [Int32] = []
    /// The sum of all weights.
    private(set) var total = 0.0
    /// How many are not 0.
    private(set) var possible = 0

    /// Tokens that a search for a place passes over at once.
    private static let block = 256
    /// Steps of weight, a sixteenth of an octave each, down to 2^-64.
    private static let steps = 1024

    /// The weight of a token is exp((logit - largest) * scale); 0 where the exponent is -30 or less or no number, and
    /// where it would be below `least`. exp(-30) is 1e-13: what lies below could not add up to one part in a million
    /// even in a vocabulary of 10^6.
    mutating func fill(_ logits: UnsafeBufferPointer<Float>, largest: Float, scale: Float, least: Float) {
        if weights.count != logits.count {
            weights = [Float](repeating: 0, count: logits.count)
            places = [Int32](repeating: 0, count: logits.count + 16)
        }
        total = lk_sample_weights(
            logits.baseAddress, logits.count, largest, scale, least, &weights, &possible)
    }

    /// The token at which the sum of weights, in the order of ids, passes `part` of the total.
    func token(at part: Double) -> Int32 {
        var left = part
        for start in stride(from: 0, to: weights.count, by: Self.block) {
            let block = start..<min(weights.count, start + Self.block)
            let sum = sum(block)
            if left >= sum {
                left -= sum
                continue
            }
            for id in block {
                left -= Double(weights[id])
                if left < 0 { return Int32(id) }
            }
        }
        // Rounding left a rest: the last that is possible.
        return Int32(weights.lastIndex { $0 > 0 } ?? 0)
    }

    private func sum(_ block: Range<Int>) -> Double {
        weights.withUnsafeBytes { bytes in
            var sums = SIMD8<Double>(repeating: 0)
            let end = block.lowerBound + block.count / 8 * 8
            for place in stride(from: block.lowerBound, to: end, by: 8) {
                let offset = place * MemoryLayout<Float>.stride
                sums += SIMD8<Double>(bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self))
            }
            return weights[end..<block.upperBound].reduce(sums.sum()) { $0 + Double($1) }
        }
    }

    /// Makes `kept` the tokens that can be among the likeliest that together reach `share` of the total, in no order.
    mutating func keep(reaching share: Double, in kept: inout [WeightedToken]) {
        // A token less likely than (1 - share) / count cannot be needed, since all such tokens together weigh less than
        // 1 - share.
        let least = Float((1 - share) * total / Double(possible))
        let count = lk_sample_keep(weights, weights.count, least, &places)
        kept.removeAll(keepingCapacity: true)
        for place in places[..<count] { kept.append(WeightedToken(id: place, weight: weights[Int(place)])) }
        // So few are sorted at once.
        guard count > 64 else { return }
        let last = lastStep(kept, reaching: share)
        kept.removeAll { Self.step($0.weight) > last }
    }

    /// The step of weight in which the sum, from the heaviest on, reaches `share` of the total. Rounding has room.
    private func lastStep(_ tokens: [WeightedToken], reaching share: Double) -> Int {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.steps) { sums in
            sums.initialize(repeating: 0)
            for token in tokens { sums[Self.step(token.weight)] += Double(token.weight) }
            let wanted = share * total * (1 + 1e-9)
            var reached = 0.0
            for step in sums.indices {
                reached += sums[step]
                if reached >= wanted { return step }
            }
            return sums.count
        }
    }

    /// 0 is the largest weight, 1.
    private static func step(_ weight: Float) -> Int {
        min(Int((Float(1).bitPattern - weight.bitPattern) >> 19), steps - 1)
    }
}

struct WeightedToken {
    let id: Int32
    let weight: Float

    /// The order of top-k and top-p: of equals the lowest id first.
    static func likelier(_ a: WeightedToken, _ b: WeightedToken) -> Bool {
        a.weight != b.weight ? a.weight > b.weight : a.id < b.id
    }
}
