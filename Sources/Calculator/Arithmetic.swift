import Foundation

/// Each operation, counted and held to the limits. Errors are about the operator's or function's column.
struct Arithmetic {
    let limits: CalculatorLimits
    private var steps = 0

    init(limits: CalculatorLimits) { self.limits = limits }

    /// A result within the limits: an exact number that is too long becomes an approximation.
    mutating func checked(_ number: Number, _ column: Int) throws(CalculatorError) -> Number {
        steps += 1
        guard steps <= limits.stepsMax else {
            throw CalculatorError(column, "too many operations: at most \(limits.stepsMax) are done")
        }
        return try bounded(number, column)
    }

    private func bounded(_ number: Number, _ column: Int) throws(CalculatorError) -> Number {
        var number = number
        if case .exact(let value) = number,
            max(value.numerator.bitWidth, value.denominator.bitWidth) > limits.bitsMax
        {
            number = .approximate(value.double)
        }
        if case .approximate(let value) = number, !value.isFinite {
            throw CalculatorError(
                column,
                value.isNaN
                    ? "the result is not defined"
                    : "the result is too large: whole numbers have at most \(limits.digitsMax) digits, others are "
                        + "below 1.8e308")
        }
        return number
    }

    /// A number as it is written: no operation.
    func number(_ value: Fraction, _ column: Int) throws(CalculatorError) -> Number {
        try bounded(.exact(value), column)
    }

    mutating func sum(_ a: Number, _ b: Number, _ column: Int) throws(CalculatorError) -> Number {
        try checked(a + b, column)
    }

    mutating func product(_ a: Number, _ b: Number, _ column: Int) throws(CalculatorError) -> Number {
        try checked(a * b, column)
    }

    mutating func quotient(_ a: Number, _ b: Number, _ column: Int) throws(CalculatorError) -> Number {
        guard !b.isZero else { throw CalculatorError(column, "division by zero") }
        return try checked(a / b, column)
    }

    /// The remainder, with the sign of `b`, as in mathematics.
    mutating func remainder(_ a: Number, _ b: Number, _ column: Int) throws(CalculatorError) -> Number {
        guard !b.isZero else { throw CalculatorError(column, "the remainder of a division by zero") }
        let quotient = try checked(a / b, column)
        guard let whole = quotient.fraction?.floor else { throw CalculatorError(column, "the result is not defined") }
        return try checked(a - b * .exact(Fraction(whole)), column)
    }

    mutating func factorial(_ value: Number, _ column: Int) throws(CalculatorError) -> Number {
        guard let number = value.int, number >= 0 else {
            throw CalculatorError(column, "a factorial needs a whole number from 0, got \(value.text)")
        }
        var product = BigInteger.one
        for factor in stride(from: 2, through: number, by: 1) {
            product = product * BigInteger(factor)
            guard product.bitWidth <= limits.bitsMax else {
                throw CalculatorError(column, "\(number)! has more than \(limits.digitsMax) digits")
            }
        }
        return try checked(.exact(Fraction(product)), column)
    }

    // MARK: powers and roots

    mutating func power(_ base: Number, _ exponent: Number, _ column: Int) throws(CalculatorError) -> Number {
        if base.isZero, exponent < Number(0) {
            throw CalculatorError(column, "division by zero: 0 to a negative power")
        }
        if case .exact(let base) = base, case .exact(let exponent) = exponent,
            let exact = exactPower(base, exponent)
        {
            return try checked(.exact(exact), column)
        }
        if base < Number(0), case .exact(let exponent) = exponent, !exponent.isWhole {
            throw CalculatorError(column, "a negative number to a broken power is not real")
        }
        return try checked(.approximate(pow(base.double, exponent.double)), column)
    }

    /// nil where it is not exact, or too long.
    private func exactPower(_ base: Fraction, _ exponent: Fraction) -> Fraction? {
        guard let degree = exponent.denominator.int, let count = exponent.numerator.int,
            let base = degree == 1 ? base : exactRoot(base, degree)
        else { return nil }
        let bits = max(base.numerator.bitWidth, base.denominator.bitWidth)
        // 0, 1 and -1 stay small.
        let isUnit = bits <= 1
        let times = isUnit ? count & 1 : abs(count)
        guard isUnit || Double(bits - 1) * Double(times) <= Double(limits.bitsMax) else { return nil }
        if isUnit, base.isZero { return Fraction(count == 0 ? 1 : 0) }
        let numerator = base.numerator.power(times), denominator = base.denominator.power(times)
        return count < 0 ? Fraction(denominator, over: numerator) : Fraction(numerator, over: denominator)
    }

    /// nil where it is not exact.
    func exactRoot(_ value: Fraction, _ degree: Int) -> Fraction? {
        guard (2...64).contains(degree) else { return nil }
        guard !value.isNegative else {
            return degree & 1 == 1 ? exactRoot(-value, degree).map { -$0 } : nil
        }
        guard let numerator = value.numerator.exactRoot(degree), let denominator = value.denominator.exactRoot(degree)
        else { return nil }
        return Fraction(numerator, over: denominator)
    }

    mutating func root(_ value: Number, _ degree: Int, _ column: Int) throws(CalculatorError) -> Number {
        if value < Number(0), degree & 1 == 0 {
            throw CalculatorError(column, "the root of a negative number is not real, got \(value.text)")
        }
        if case .exact(let value) = value, let root = exactRoot(value, degree) {
            return try checked(.exact(root), column)
        }
        let double = value.double
        let root = degree == 2 ? double.squareRoot() : degree == 3 ? cbrt(double) : pow(abs(double), 1 / Double(degree))
        return try checked(.approximate(double < 0 ? -abs(root) : root), column)
    }
}
