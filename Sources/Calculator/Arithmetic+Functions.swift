import Foundation
import LlamaStackAPI

/// The functions and constants of a pocket calculator.
extension Arithmetic {
    private typealias Body =
        @Sendable (inout Arithmetic, [Number], Int) throws(CalculatorError) -> Number

    private struct Function: Sendable {
        var counts: ClosedRange<Int>
        var body: Body
    }

    private static let constants: [String: Double] = ["pi": .pi, "π": .pi, "e": M_E, "tau": 2 * .pi, "τ": 2 * .pi]

    /// As many as an expression has room for.
    private static let any = 1...Int.max

    private static let functions: [String: Function] = [
        "sqrt": Function(counts: 1...1) { a, x, at throws(CalculatorError) in try a.root(x[0], 2, at) },
        "cbrt": Function(counts: 1...1) { a, x, at throws(CalculatorError) in try a.root(x[0], 3, at) },
        "root": Function(counts: 2...2) { a, x, at throws(CalculatorError) in
            guard let degree = x[1].int, degree > 0 else {
                throw CalculatorError(at, "root needs a whole degree above 0, got \(x[1].text)")
            }
            return degree == 1 ? x[0] : try a.root(x[0], degree, at)
        },
        "pow": Function(counts: 2...2) { a, x, at throws(CalculatorError) in try a.power(x[0], x[1], at) },
        "mod": Function(counts: 2...2) { a, x, at throws(CalculatorError) in try a.remainder(x[0], x[1], at) },
        "factorial": Function(counts: 1...1) { a, x, at throws(CalculatorError) in try a.factorial(x[0], at) },
        "abs": Function(counts: 1...1) { _, x, _ in x[0] < Number(0) ? -x[0] : x[0] },
        "floor": rounding { Fraction($0.floor) },
        "ceil": rounding { -Fraction((-$0).floor) },
        "trunc": rounding { $0.isNegative ? -Fraction((-$0).floor) : Fraction($0.floor) },
        "round": Function(counts: 1...2) { a, x, at throws(CalculatorError) in
            let digits = x.count > 1 ? x[1] : Number(0)
            guard let places = digits.int, abs(places) <= a.limits.digitsMax, let value = x[0].fraction else {
                throw CalculatorError(at, "round needs a whole number of digits, got \(digits.text)")
            }
            return .exact(value.rounded(digits: places))
        },
        "min": Function(counts: any) { _, x, _ in x.dropFirst().reduce(x[0]) { $1 < $0 ? $1 : $0 } },
        "max": Function(counts: any) { _, x, _ in x.dropFirst().reduce(x[0]) { $0 < $1 ? $1 : $0 } },
        "sum": Function(counts: any) { a, x, at throws(CalculatorError) in try a.total(x, at) },
        "mean": Function(counts: any) { a, x, at throws(CalculatorError) in
            try a.quotient(a.total(x, at), Number(x.count), at)
        },
        "gcd": Function(counts: any) { a, x, at throws(CalculatorError) in
            let whole = try whole("gcd", x, at)
            return .exact(Fraction(whole.dropFirst().reduce(whole[0].magnitude, BigInteger.greatestCommonDivisor)))
        },
        "lcm": Function(counts: any) { a, x, at throws(CalculatorError) in
            var result = BigInteger.one
            for value in try whole("lcm", x, at) {
                guard !value.isZero else { return Number(0) }
                let divisor = BigInteger.greatestCommonDivisor(result, value)
                result = result * value.magnitude.quotientAndRemainder(dividingBy: divisor).quotient
                guard result.bitWidth <= a.limits.bitsMax else {
                    throw CalculatorError(at, "the result has more than \(a.limits.digitsMax) digits")
                }
            }
            return .exact(Fraction(result))
        },
        "ln": Function(counts: 1...1) { _, x, at throws(CalculatorError) in .approximate(try logarithm(x[0], at)) },
        "log": Function(counts: 1...2) { _, x, at throws(CalculatorError) in
            let base = x.count > 1 ? try logarithm(x[1], at) : log(10)
            guard base != 0 else { throw CalculatorError(at, "a logarithm has no base 1") }
            return .approximate(try logarithm(x[0], at) / base)
        },
        "log10": Function(counts: 1...1) { _, x, at throws(CalculatorError) in
            .approximate(try logarithm(x[0], at) / log(10))
        },
        "log2": Function(counts: 1...1) { _, x, at throws(CalculatorError) in
            .approximate(try logarithm(x[0], at) / log(2))
        },
        "exp": double(exp), "sin": angle(sin), "cos": angle(cos), "tan": angle(tan), "asin": double(asin),
        "acos": double(acos), "atan": double(atan), "sinh": double(sinh), "cosh": double(cosh), "tanh": double(tanh),
        "degrees": double { $0 * 180 / .pi }, "radians": double { $0 * .pi / 180 },
    ]

    func isFunction(_ name: String) -> Bool { Self.functions[name] != nil }

    /// - Parameter written: the name as the expression has it.
    mutating func constant(_ name: String, _ written: String, _ column: Int) throws(CalculatorError) -> Number {
        guard let value = Self.constants[name] else {
            let names = (Array(Self.functions.keys) + Array(Self.constants.keys)).sorted()
            let known =
                Spelling.closest(to: name, in: names).map { "did you mean '\($0)'?" }
                ?? "there are " + names.joined(separator: ", ")
            throw CalculatorError(column, "'\(written)' is no function or constant; \(known)")
        }
        return try checked(.approximate(value), column)
    }

    mutating func call(_ name: String, _ arguments: [Number], _ column: Int) throws(CalculatorError) -> Number {
        guard let function = Self.functions[name] else { throw CalculatorError(column, "there is no '\(name)'") }
        guard function.counts.contains(arguments.count) else {
            let (least, most) = (function.counts.lowerBound, function.counts.upperBound)
            let wanted = least == most ? "\(least)" : most == .max ? "at least \(least)" : "\(least) to \(most)"
            throw CalculatorError(
                column, "\(name) takes \(wanted) argument\(wanted == "1" ? "" : "s"), got \(arguments.count)")
        }
        return try checked(try function.body(&self, arguments, column), column)
    }

    // MARK: kinds of functions

    private static func rounding(_ round: @escaping @Sendable (Fraction) -> Fraction) -> Function {
        Function(counts: 1...1) { _, x, at throws(CalculatorError) in
            guard let value = x[0].fraction else { throw CalculatorError(at, "the result is not defined") }
            return .exact(round(value))
        }
    }

    private static func double(_ compute: @escaping @Sendable (Double) -> Double) -> Function {
        Function(counts: 1...1) { _, x, at throws(CalculatorError) in
            let value = compute(x[0].double)
            guard !value.isNaN else { throw CalculatorError(at, "the function is not defined at \(x[0].text)") }
            return .approximate(value)
        }
    }

    /// The sine of a rounded π is 1.2e-16, where it is meant to be 0.
    private static func angle(_ compute: @escaping @Sendable (Double) -> Double) -> Function {
        double { compute($0).magnitude < 1e-15 && $0.magnitude > 1e-10 ? 0 : compute($0) }
    }

    /// The natural one, also of exact numbers that are no doubles.
    private static func logarithm(_ value: Number, _ column: Int) throws(CalculatorError) -> Double {
        guard Number(0) < value else {
            throw CalculatorError(column, "a logarithm needs a number above 0, got \(value.text)")
        }
        guard case .exact(let exact) = value else { return log(value.double) }
        let shift = exact.numerator.bitWidth - exact.denominator.bitWidth
        let power = Fraction(BigInteger(2).power(abs(shift)))
        return log((shift < 0 ? exact * power : exact / power).double) + Double(shift) * log(2)
    }

    private static func whole(
        _ name: String, _ values: [Number], _ column: Int
    ) throws(CalculatorError) -> [BigInteger] {
        var whole: [BigInteger] = []
        for value in values {
            guard case .exact(let exact) = value, exact.isWhole else {
                throw CalculatorError(column, "\(name) needs whole numbers, got \(value.text)")
            }
            whole.append(exact.numerator)
        }
        return whole
    }

    private mutating func total(_ values: [Number], _ column: Int) throws(CalculatorError) -> Number {
        var total = values[0]
        for value in values.dropFirst() { total = try sum(total, value, column) }
        return total
    }
}
