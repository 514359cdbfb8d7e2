import CVectors

/// Spherical k-means over a sample: unit-length centres, each vector belonging to the one with the largest dot product.
///
/// The same vectors in the same order give the same centres.
struct Centroids {
    /// The number of sampled vectors for each list, and the number of iterations. More of either gains little.
    private static let samplesPerList = 48
    private static let rounds = 8

    private let groups: Int
    private let lists: Int
    private let sample: [VectorCode]

    /// About two lists for each vector of a list: the cost of looking at centres and at vectors is then alike.
    init(_ vectors: [VectorList], count: Int, groups: Int) {
        self.groups = groups
        let lists = (Int(2 * Double(count).squareRoot()) + VectorList.blockCount - 1) / VectorList.blockCount
        self.lists = lists * VectorList.blockCount
        let step = max(1, count / (self.lists * Self.samplesPerList))
        var sample: [VectorCode] = []
        var next = 0
        for list in vectors {
            while next < list.count {
                sample.append(list.code(at: next))
                next += step
            }
            next -= list.count
        }
        self.sample = sample
    }

    /// One vector for each list, its id the list's number.
    func train() -> VectorList {
        var random = SplitMix(state: 0x5EED)
        var centres = list((0..<lists).map { _ in sample[Int(random.next() % UInt64(sample.count))] })
        for _ in 0..<Self.rounds {
            let nearest = Self.nearest(centres, sample, groups)
            var sums = [Float](repeating: 0, count: lists * width)
            var counts = [Int](repeating: 0, count: lists)
            sums.withUnsafeMutableBufferPointer { sums in
                for (code, target) in zip(sample, nearest) {
                    counts[target] += 1
                    code.codes.withUnsafeBufferPointer { codes in
                        for index in 0..<width { sums[target * width + index] += code.scale * Float(codes[index]) }
                    }
                }
            }
            centres = list(
                (0..<lists).map { number in
                    let sum = Array(sums[(number * width)..<((number + 1) * width)])
                    // A centre without vectors starts again elsewhere.
                    guard counts[number] > 0, let unit = Self.unit(sum), let code = VectorCode(unit) else {
                        return sample[Int(random.next() % UInt64(sample.count))]
                    }
                    return code
                })
        }
        return centres
    }

    /// The number of the nearest centre for each code.
    static func nearest(_ centres: VectorList, _ codes: [VectorCode], _ groups: Int) -> [Int] {
        let atOnce = Int(LK_VECTOR_QUERIES)
        var nearest: [Int] = []
        nearest.reserveCapacity(codes.count)
        for start in stride(from: 0, to: codes.count, by: atOnce) {
            // The last few are filled up with the first of them.
            let four = (start..<start + atOnce).map {
                EncodedQuery(codes[$0 < codes.count ? $0 : start], groups: groups)
            }
            let best = four[0].withQuery { a in
                four[1].withQuery { b in
                    four[2].withQuery { c in four[3].withQuery { d in centres.best([a, b, c, d]) } }
                }
            }
            nearest += best.prefix(codes.count - start)
        }
        return nearest
    }

    private var width: Int { groups * Int(LK_VECTOR_GROUP) }

    private func list(_ codes: [VectorCode]) -> VectorList {
        let list = VectorList(groups: groups)
        for (number, code) in codes.enumerated() { list.append(Int64(number), code) }
        return list
    }

    private static func unit(_ vector: [Float]) -> [Float]? {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 && length.isFinite ? vector.map { $0 / length } : nil
    }
}

/// Random numbers that are the same each time (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
