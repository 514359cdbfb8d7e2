/// A whole number of any size. The caller bounds it: see ``CalculatorLimits``.
struct BigInteger: Sendable, Hashable {
    /// The magnitude in base 2^32, the least significant word first, without zeros at the end. Empty for 0.
    private(set) var words: [UInt32]
    private(set) var isNegative: Bool

    static let zero = BigInteger(0), one = BigInteger(1), ten = BigInteger(10)

    init(words: [UInt32], isNegative: Bool = false) {
        var words = words
        while words.last == 0 { words.removeLast() }
        self.words = words
        self.isNegative = isNegative && !words.isEmpty
    }

    init(_ value: Int) {
        let magnitude = value.magnitude
        self.init(words: [UInt32(truncatingIfNeeded: magnitude), UInt32(magnitude >> 32)], isNegative: value < 0)
    }

    /// Decimal digits alone.
    init(digits: some Sequence<UInt8>) {
        var words: [UInt32] = []
        for digit in digits {
            var carry = UInt64(digit - UInt8(ascii: "0"))
            for index in words.indices {
                let sum = UInt64(words[index]) * 10 + carry
                words[index] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            if carry > 0 { words.append(UInt32(carry)) }
        }
        self.init(words: words)
    }

    var isZero: Bool { words.isEmpty }
    var isEven: Bool { (words.first ?? 0) & 1 == 0 }
    var isOne: Bool { words == [1] && !isNegative }
    var bitWidth: Int { words.isEmpty ? 0 : words.count * 32 - words[words.count - 1].leadingZeroBitCount }
    var magnitude: BigInteger { BigInteger(words: words) }

    /// nil when it does not fit.
    var int: Int? {
        guard bitWidth < 64 else { return nil }
        let value = words.reversed().reduce(into: Int(0)) { $0 = $0 << 32 | Int($1) }
        return isNegative ? -value : value
    }

    /// Its decimal digits, with a minus sign where it is negative.
    var digits: String {
        guard !isZero else { return "0" }
        var rest = words
        var pieces: [String] = []
        while !rest.isEmpty {
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                let value = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            while rest.last == 0 { rest.removeLast() }
            let piece = String(remainder)
            pieces.append(rest.isEmpty ? piece : String(repeating: "0", count: 9 - piece.count) + piece)
        }
        return (isNegative ? "-" : "") + pieces.reversed().joined()
    }
}

extension BigInteger: Comparable {
    static func < (a: BigInteger, b: BigInteger) -> Bool {
        guard a.isNegative == b.isNegative else { return a.isNegative }
        return a.isNegative ? isLess(b.words, a.words) : isLess(a.words, b.words)
    }

    static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
        guard a.count == b.count else { return a.count < b.count }
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] }
        return false
    }
}

extension BigInteger {
    static prefix func - (a: BigInteger) -> BigInteger { BigInteger(words: a.words, isNegative: !a.isNegative) }

    static func + (a: BigInteger, b: BigInteger) -> BigInteger {
        guard a.isNegative != b.isNegative else {
            return BigInteger(words: sum(a.words, b.words), isNegative: a.isNegative)
        }
        return isLess(a.words, b.words)
            ? BigInteger(words: difference(b.words, a.words), isNegative: b.isNegative)
            : BigInteger(words: difference(a.words, b.words), isNegative: a.isNegative)
    }

    static func - (a: BigInteger, b: BigInteger) -> BigInteger { a + -b }

    static func * (a: BigInteger, b: BigInteger) -> BigInteger {
        guard !a.isZero, !b.isZero else { return .zero }
        var words = [UInt32](repeating: 0, count: a.words.count + b.words.count)
        for (i, x) in a.words.enumerated() {
            var carry: UInt64 = 0
            for (j, y) in b.words.enumerated() {
                let value = UInt64(x) * UInt64(y) + UInt64(words[i + j]) + carry
                words[i + j] = UInt32(truncatingIfNeeded: value)
                carry = value >> 32
            }
            words[i + b.words.count] = UInt32(carry)
        }
        return BigInteger(words: words, isNegative: a.isNegative != b.isNegative)
    }

    private static func sum(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var words: [UInt32] = []
        words.reserveCapacity(max(a.count, b.count) + 1)
        var carry: UInt64 = 0
        for index in 0..<max(a.count, b.count) {
            let x = index < a.count ? UInt64(a[index]) : 0, y = index < b.count ? UInt64(b[index]) : 0
            words.append(UInt32(truncatingIfNeeded: x + y + carry))
            carry = (x + y + carry) >> 32
        }
        words.append(UInt32(carry))
        return words
    }

    /// `a` is not less than `b`.
    private static func difference(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var words = a
        var borrow: Int64 = 0
        for index in words.indices {
            let value = Int64(a[index]) - (index < b.count ? Int64(b[index]) : 0) - borrow
            words[index] = UInt32(truncatingIfNeeded: value)
            borrow = value < 0 ? 1 : 0
        }
        return words
    }
}
