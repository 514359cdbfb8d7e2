/// The tree of a parsed pattern.
indirect enum Syntax {
    case empty
    /// One of these scalars.
    case scalars(ScalarSet)
    case sequence([Syntax])
    case alternatives([Syntax])
    /// - Parameter max: nil without end.
    case repetition(Syntax, min: Int, max: Int?)
    case assertion(Assertion)

    /// Holds between two bytes, or not.
    enum Assertion: UInt8 {
        case start
        case end
        case wordBoundary
        case noWordBoundary
    }

    /// The bytes of the longest text it matches; nil when there is none.
    var longestBytes: Int? {
        switch self {
        case .empty, .assertion: return 0
        case .scalars(let set): return set.ranges.last.map { UTF8Sequences.length(of: $0.upperBound) } ?? 0
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let bytes = part.longestBytes else { return nil }
                sum += bytes
            }
            return sum
        case .alternatives(let choices):
            var most = 0
            for choice in choices {
                guard let bytes = choice.longestBytes else { return nil }
                most = max(most, bytes)
            }
            return most
        case .repetition(let part, _, let max):
            guard let bytes = part.longestBytes else { return nil }
            guard bytes > 0 else { return 0 }
            guard let max else { return nil }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: max)
            return overflow ? nil : product
        }
    }
}

/// Unicode scalars as ranges: sorted, apart from each other, without surrogates.
struct ScalarSet: Equatable {
    private(set) var ranges: [ClosedRange<UInt32>] = []

    static let all = ScalarSet([0...0x10FFFF])

    /// In any order.
    init(_ ranges: [ClosedRange<UInt32>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) { append(range) }
    }

    init(_ scalar: UInt32) { self.init([scalar...scalar]) }

    /// Begins at no less than those before.
    private mutating func append(_ range: ClosedRange<UInt32>) {
        if range.lowerBound < 0xD800, range.upperBound > 0xDFFF {
            append(range.lowerBound...0xD7FF)
            return append(0xE000...range.upperBound)
        }
        if range.lowerBound >= 0xD800, range.upperBound <= 0xDFFF { return }
        if range.lowerBound < 0xD800, range.upperBound >= 0xD800 { return append(range.lowerBound...0xD7FF) }
        if (0xD800...0xDFFF).contains(range.lowerBound) { return append(0xE000...range.upperBound) }
        if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
            ranges.append(range)
        }
    }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return ScalarSet(gaps)
    }

    /// With both cases of each ASCII letter.
    var inBothCases: ScalarSet {
        var more = ranges
        for (letters, other) in [(UInt32(0x41)...0x5A, 32), (UInt32(0x61)...0x7A, -32)] {
            for range in ranges where range.overlaps(letters) {
                let common = range.clamped(to: letters)
                more.append(UInt32(Int(common.lowerBound) + other)...UInt32(Int(common.upperBound) + other))
            }
        }
        return ScalarSet(more)
    }

    static let digits = ScalarSet([0x30...0x39])
    static let words = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// WhiteSpace and LineTerminator of ECMA-262.
    static let spaces = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    static let lineEnds = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
}
