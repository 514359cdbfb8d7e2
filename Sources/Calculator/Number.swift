import Foundation

/// A number as the calculator has it: exact as long as that is possible.
enum Number: Sendable {
    case exact(Fraction)
    case approximate(Double)

    init(_ value: Int) { self = .exact(Fraction(value)) }

    var double: Double {
        switch self {
        case .exact(let value): value.double
        case .approximate(let value): value
        }
    }

    /// The exact number, or the one that the double stands for.
    var fraction: Fraction? {
        switch self {
        case .exact(let value): value
        case .approximate(let value): Fraction(value)
        }
    }

    var isZero: Bool {
        switch self {
        case .exact(let value): value.isZero
        case .approximate(let value): value == 0
        }
    }

    /// The whole number, where it is one and not a long one.
    var int: Int? {
        if case .exact(let value) = self { value.int } else { nil }
    }

    static func + (a: Number, b: Number) -> Number { combine(a, b, +, +) }
    static func - (a: Number, b: Number) -> Number { combine(a, b, -, -) }
    static func * (a: Number, b: Number) -> Number { combine(a, b, *, *) }
    /// `b` is not 0.
    static func / (a: Number, b: Number) -> Number { combine(a, b, /, /) }
    static prefix func - (a: Number) -> Number { Number(0) - a }

    static func < (a: Number, b: Number) -> Bool {
        if case .exact(let a) = a, case .exact(let b) = b { return a < b }
        return a.double < b.double
    }

    private static func combine(
        _ a: Number, _ b: Number, _ exact: (Fraction, Fraction) -> Fraction, _ approximate: (Double, Double) -> Double
    ) -> Number {
        if case .exact(let a) = a, case .exact(let b) = b { return .exact(exact(a, b)) }
        return .approximate(approximate(a.double, b.double))
    }

    // MARK: text

    /// A decimal behind the point of more digits is written as a fraction.
    private static let decimalsMax = 20

    /// `7`, `0.3`, `1/3 ≈ 0.333333333333333`, `1.4142135623731`.
    var text: String {
        switch self {
        case .exact(let value):
            if let decimal = value.decimal(digitsMax: Self.decimalsMax) { return decimal }
            let nearest = Self.text(value.double)
            let quotient = "\(value.numerator.digits)/\(value.denominator.digits)"
            // A long quotient tells a reader nothing.
            return quotient.utf8.count > 40 ? nearest : "\(quotient) ≈ \(nearest)"
        case .approximate(let value): return Self.text(value)
        }
    }

    /// Fifteen digits: what a double is sure of.
    private static func text(_ value: Double) -> String { String(format: "%.15g", value == 0 ? 0 : value) }
}
