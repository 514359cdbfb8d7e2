/// An exact number: a quotient of whole numbers in lowest terms. The denominator is above 0.
struct Fraction: Sendable, Hashable {
    let numerator: BigInteger
    let denominator: BigInteger

    init(_ value: BigInteger) { (numerator, denominator) = (value, .one) }
    init(_ value: Int) { self.init(BigInteger(value)) }

    /// `denominator` is not 0.
    init(_ numerator: BigInteger, over denominator: BigInteger) {
        let divisor = BigInteger.greatestCommonDivisor(numerator, denominator)
        let sign = denominator.isNegative ? -divisor : divisor
        self.numerator = numerator.quotientAndRemainder(dividingBy: sign).quotient
        self.denominator = denominator.quotientAndRemainder(dividingBy: sign).quotient
    }

    /// nil for what is not finite.
    init?(_ value: Double) {
        guard value.isFinite else { return nil }
        guard value != 0 else {
            self.init(0)
            return
        }
        // 53 bits make a whole number of the significand.
        let digits = BigInteger(Int(value.significandBitPattern | 1 << 52))
        let exponent = Int(value.exponent) - 52
        let whole = value.isNormal ? digits : BigInteger(Int(value.significandBitPattern))
        let scale = BigInteger(2).power(abs(value.isNormal ? exponent : -1074))
        let signed = value < 0 ? -whole : whole
        if value.isNormal, exponent >= 0 { self.init(signed * scale) } else { self.init(signed, over: scale) }
    }

    var isWhole: Bool { denominator.isOne }
    var isNegative: Bool { numerator.isNegative }
    var isZero: Bool { numerator.isZero }
    /// The whole number, where it is one and not a long one.
    var int: Int? { isWhole ? numerator.int : nil }

    static prefix func - (a: Fraction) -> Fraction { Fraction(-a.numerator, over: a.denominator) }
    static func + (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.numerator * b.denominator + b.numerator * a.denominator, over: a.denominator * b.denominator)
    }
    static func - (a: Fraction, b: Fraction) -> Fraction { a + -b }
    static func * (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.numerator * b.numerator, over: a.denominator * b.denominator)
    }
    /// `b` is not 0.
    static func / (a: Fraction, b: Fraction) -> Fraction {
        Fraction(a.numerator * b.denominator, over: a.denominator * b.numerator)
    }

    /// The largest whole number that is not above it.
    var floor: BigInteger {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return remainder.isNegative ? quotient - .one : quotient
    }

    /// The nearest multiple of 10^-digits; halves away from 0.
    func rounded(digits: Int) -> Fraction {
        let scale = Fraction(BigInteger.ten.power(abs(digits)))
        let scaled = digits >= 0 ? self * scale : self / scale
        let half = Fraction(.one, over: BigInteger(2))
        let nearest = isNegative ? -(-scaled + half).floor : (scaled + half).floor
        return digits >= 0 ? Fraction(nearest) / scale : Fraction(nearest) * scale
    }

    /// The nearest double; infinite when it is too large.
    var double: Double {
        guard !isZero else { return 0 }
        // 20 digits of the quotient are more than a double has.
        let scale = 20 - (numerator.bitWidth - denominator.bitWidth) * 30103 / 100_000
        let power = BigInteger.ten.power(abs(scale))
        let scaled = scale >= 0 ? numerator * power : numerator
        let digits = scaled.quotientAndRemainder(dividingBy: scale >= 0 ? denominator : denominator * power).quotient
        return Double("\(digits.digits)e\(-scale)") ?? .nan
    }

    /// The digits behind the decimal point where they end, at most `digitsMax`; nil where they do not.
    func decimal(digitsMax: Int) -> String? {
        var rest = denominator
        func count(_ prime: Int) -> Int {
            var count = 0
            while count <= digitsMax {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: BigInteger(prime))
                guard remainder.isZero else { break }
                rest = quotient
                count += 1
            }
            return count
        }
        let twos = count(2), fives = count(5)
        let places = max(twos, fives)
        guard rest.isOne, places <= digitsMax else { return nil }
        let scaled = numerator * BigInteger.ten.power(places)
        let digits = scaled.quotientAndRemainder(dividingBy: denominator).quotient.magnitude.digits
        guard places > 0 else { return (isNegative ? "-" : "") + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return (isNegative ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }
}

extension Fraction: Comparable {
    static func < (a: Fraction, b: Fraction) -> Bool {
        a.numerator * b.denominator < b.numerator * a.denominator
    }
}
