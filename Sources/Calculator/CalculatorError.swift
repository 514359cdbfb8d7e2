/// An expression that has no value: where and why, for the one who wrote it.
package struct CalculatorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In characters of the expression, from 1.
    package let column: Int
    /// A sentence without the place: "expected a number, got ')'".
    package let message: String

    init(_ column: Int, _ message: String) { (self.column, self.message) = (column, message) }

    package var description: String { "column \(column): \(message)" }
}

/// The bounds of one calculation.
package struct CalculatorLimits: Sendable {
    /// Characters of the expression.
    package var charactersMax = 1_000
    /// Parentheses, functions, signs and exponents inside each other.
    package var nestingMax = 64
    /// Operations.
    package var stepsMax = 500
    /// Decimal digits of an exact number, or of each part of a fraction. A longer one goes on as an approximation.
    package var digitsMax = 500

    /// The defaults.
    package init() {}

    var bitsMax: Int { digitsMax * 3322 / 1000 }
}
