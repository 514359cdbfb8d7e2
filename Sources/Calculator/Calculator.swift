/// A pocket calculator: the value of an expression.
///
///     2 + 3 * 4        14              10 / 4            2.5
///     100 + 10%        110             15% of 80         12
///     1/3 + 1/6        0.5             sqrt(2)           1.4142135623731
///     2^100            1267650600228229401496703205376
///
/// Whole numbers and fractions are exact up to ``CalculatorLimits/digitsMax``; roots that come out even stay so. All
/// else is a double. Angles are radians, `log` is to the base 10, `mod` has the divisor's sign, and a percentage that
/// is added or taken away is one of the value before it.
package enum Calculator {
    /// The value, for people and models: `0.5`, `1/3 ≈ 0.333333333333333`.
    package static func evaluate(
        _ expression: String, limits: CalculatorLimits = CalculatorLimits()
    ) throws(CalculatorError) -> String {
        var parser = Parser(try Lexer.tokens(of: expression, limits), limits)
        return try parser.value().text
    }
}
