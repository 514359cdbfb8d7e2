extension BigInteger {
    /// The quotient towards zero and what is left, which has the sign of `self`. `divisor` is not 0.
    func quotientAndRemainder(dividingBy divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        precondition(!divisor.isZero, "a division by zero was not refused")
        let (quotient, remainder) = Self.divide(words, divisor.words)
        return (
            BigInteger(words: quotient, isNegative: isNegative != divisor.isNegative),
            BigInteger(words: remainder, isNegative: isNegative)
        )
    }

    /// Knuth, The Art of Computer Programming, volume 2, algorithm D.
    private static func divide(_ a: [UInt32], _ b: [UInt32]) -> ([UInt32], [UInt32]) {
        guard !isLess(a, b) else { return ([], a) }
        guard b.count > 1 else {
            var quotient = a
            var remainder: UInt64 = 0
            for index in a.indices.reversed() {
                let value = remainder << 32 | UInt64(a[index])
                quotient[index] = UInt32(value / UInt64(b[0]))
                remainder = value % UInt64(b[0])
            }
            return (quotient, [UInt32(remainder)])
        }
        let shift = b[b.count - 1].leadingZeroBitCount
        let divisor = shifted(b, by: shift)
        var rest = shifted(a, by: shift)
        while rest.count < a.count + 1 { rest.append(0) }
        let count = b.count
        var quotient = [UInt32](repeating: 0, count: a.count - count + 1)
        for place in quotient.indices.reversed() {
            let digit = digit(of: rest, divisor, place, count)
            quotient[place] = subtract(digit, divisor, from: &rest, place, count)
        }
        return (quotient, unshifted(Array(rest[..<count]), by: shift))
    }

    /// A digit of the quotient, or one more than it.
    private static func digit(of rest: [UInt32], _ divisor: [UInt32], _ place: Int, _ count: Int) -> UInt64 {
        let top = UInt64(rest[place + count]) << 32 | UInt64(rest[place + count - 1])
        let first = UInt64(divisor[count - 1]), second = UInt64(divisor[count - 2])
        var digit = top / first, left = top % first
        while digit >> 32 != 0 || digit * second > left << 32 | UInt64(rest[place + count - 2]) {
            digit -= 1
            left += first
            if left >> 32 != 0 { break }
        }
        return digit
    }

    /// Takes the digit's multiple of the divisor away, and answers the digit, which may have been one too large.
    private static func subtract(
        _ digit: UInt64, _ divisor: [UInt32], from rest: inout [UInt32], _ place: Int, _ count: Int
    ) -> UInt32 {
        var carry: UInt64 = 0
        var borrow: Int64 = 0
        for index in 0..<count {
            let product = digit * UInt64(divisor[index]) + carry
            carry = product >> 32
            let value = Int64(rest[place + index]) - borrow - Int64(UInt32(truncatingIfNeeded: product))
            rest[place + index] = UInt32(truncatingIfNeeded: value)
            borrow = value < 0 ? 1 : 0
        }
        let value = Int64(rest[place + count]) - borrow - Int64(carry)
        rest[place + count] = UInt32(truncatingIfNeeded: value)
        guard value < 0 else { return UInt32(truncatingIfNeeded: digit) }
        carry = 0
        for index in 0..<count {
            let sum = UInt64(rest[place + index]) + UInt64(divisor[index]) + carry
            rest[place + index] = UInt32(truncatingIfNeeded: sum)
            carry = sum >> 32
        }
        rest[place + count] &+= UInt32(truncatingIfNeeded: carry)
        return UInt32(truncatingIfNeeded: digit - 1)
    }

    /// Fewer than 32 bits to the left.
    private static func shifted(_ words: [UInt32], by bits: Int) -> [UInt32] {
        guard bits > 0 else { return words }
        var carry: UInt32 = 0
        var out: [UInt32] = []
        for word in words {
            out.append(word << UInt32(bits) | carry)
            carry = word >> UInt32(32 - bits)
        }
        // The divisor is shifted until its first bit is set, so nothing is carried out of it.
        if carry > 0 { out.append(carry) }
        return out
    }

    private static func unshifted(_ words: [UInt32], by bits: Int) -> [UInt32] {
        guard bits > 0 else { return words }
        return words.indices.map { index in
            words[index] >> UInt32(bits) | (index + 1 < words.count ? words[index + 1] << UInt32(32 - bits) : 0)
        }
    }

    /// The greatest common divisor, never negative.
    static func greatestCommonDivisor(_ a: BigInteger, _ b: BigInteger) -> BigInteger {
        var (a, b) = (a.magnitude, b.magnitude)
        while !b.isZero { (a, b) = (b, a.quotientAndRemainder(dividingBy: b).remainder) }
        return a
    }

    /// The whole number raised to a power from 0. The caller bounds the result.
    func power(_ exponent: Int) -> BigInteger {
        var result = BigInteger.one, square = self, rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            rest >>= 1
            if rest > 0 { square = square * square }
        }
        return result
    }

    /// The root of a number from 0 where it is a whole number, else nil. Newton's iteration from above.
    func exactRoot(_ degree: Int) -> BigInteger? {
        guard !isZero else { return self }
        var root = BigInteger(2).power((bitWidth + degree - 1) / degree)
        while true {
            let step = quotientAndRemainder(dividingBy: root.power(degree - 1)).quotient
            let next = (BigInteger(degree - 1) * root + step).quotientAndRemainder(dividingBy: BigInteger(degree))
                .quotient
            guard next < root else { break }
            root = next
        }
        return root.power(degree) == self ? root : nil
    }
}
