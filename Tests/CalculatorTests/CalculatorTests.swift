import Testing

@testable import Calculator

struct CalculatorTests {
    static let values: [(expression: String, value: String)] = [
        // Order and signs.
        ("2 + 3 * 4", "14"), ("(2 + 3) * 4", "20"), ("2 - 3 - 4", "-5"), ("2^3^2", "512"), ("-2^2", "-4"),
        ("(-2)^2", "4"), ("2 ** 10", "1024"), ("2^-2", "0.25"), ("--3", "3"), ("2 - -3", "5"), ("7 = ", "7"),
        ("6 ÷ 4 × 2", "3"), ("8 − 5", "3"), ("[1 + 2] * 3", "9"), ("2(3 + 4)", "14"), ("(1 + 1)(2 + 2)", "8"),
        // Exact numbers.
        ("0.1 + 0.2", "0.3"), ("1/3 + 1/6", "0.5"), ("1/3", "1/3 ≈ 0.333333333333333"), ("-7/2", "-3.5"),
        ("1/3 * 3", "1"), ("1e-3", "0.001"), ("2.5E2", "250"), (".5 + 5.", "5.5"), ("1/8", "0.125"),
        ("2^100", "1267650600228229401496703205376"), ("2^100 / 2^98", "4"), ("10^20 + 1", "100000000000000000001"),
        ("123456789 * 987654321", "121932631112635269"), ("-1/1000", "-0.001"), ("1.05^10", "1.62889462677744140625"),
        ("25!/24!", "25"), ("20!", "2432902008176640000"), ("0!", "1"), ("3!^2", "36"), ("0^0", "1"),
        ("(-1)^(10^17 + 1)", "-1"),
        // Thousands and arguments.
        ("1,234,567 + 1", "1234568"), ("max(1,234)", "234"), ("(1,000 + 1)", "1001"), ("max(3; 7; 5)", "7"),
        // Percent.
        ("100 + 10%", "110"), ("100 - 10%", "90"), ("200 * 10%", "20"), ("15% of 80", "12"), ("50%", "0.5"),
        ("100 + 5% * 2", "100.1"), ("12.5% of 1,600", "200"),
        // Remainders.
        ("10 mod 3", "1"), ("mod(-7, 3)", "2"), ("7.5 mod 2", "1.5"), ("mod(7, -3)", "-2"),
        // Roots that come out even, and others.
        ("sqrt(16)", "4"), ("√2^2", "2"), ("sqrt(16/9) * 3", "4"), ("8^(1/3)", "2"), ("cbrt(-27)", "-3"),
        ("root(32, 5)", "2"),
        ("27^(2/3)", "9"), ("sqrt(2)", "1.4142135623731"), ("2^0.5", "1.4142135623731"), ("4^-0.5", "0.5"),
        ("sqrt(10^40)", "100000000000000000000"), ("√16 + √9", "7"), ("sqrt(0)", "0"),
        // Functions and constants.
        ("abs(-3.5)", "3.5"), ("floor(-2.5)", "-3"), ("ceil(-2.5)", "-2"), ("trunc(-2.5)", "-2"), ("round(2.5)", "3"),
        ("round(-2.5)", "-3"), ("round(2/3, 2)", "0.67"), ("round(1234, -2)", "1200"), ("round(pi, 4)", "3.1416"),
        ("min(3, 1/2)", "0.5"), ("sum(1, 2, 3.5)", "6.5"), ("mean(1, 2)", "1.5"), ("gcd(12, 18)", "6"),
        ("lcm(4, 6)", "12"),
        ("pi", "3.14159265358979"), ("2π", "6.28318530717959"), ("e", "2.71828182845905"), ("sin(pi)", "0"),
        ("sin(30°)", "0.5"), ("cos(pi/2)", "0"), ("ln(e)", "1"), ("log(1000)", "3"), ("log(8, 2)", "3"),
        ("log2(1024)", "10"), ("log(10^400)", "400"), ("ln(1/10^400) / ln(10)", "-400"), ("exp(0)", "1"),
        ("atan(1) * 4", "3.14159265358979"),
        ("degrees(pi)", "180"), ("pow(2, 10)", "1024"), ("factorial(5)", "120"), ("SQRT(4)", "2"),
        // Past the digits of exact numbers.
        ("1.05^2000", "2.39110220461375e+42"), ("2^1023 * 1.0", "\(BigInteger(2).power(1023).digits)"),
    ]

    @Test(arguments: values)
    func `an expression has its value`(_ expression: String, _ value: String) throws {
        #expect(try Calculator.evaluate(expression) == value)
    }

    static let mistakes: [(expression: String, message: String)] = [
        ("", "column 1: expected a number, got the end"), ("2 +", "column 4: expected a number, got the end"),
        ("2 + * 3", "column 5: expected a number, got '*'"),
        ("2 3", "column 3: expected an operator or the end, got '3'"),
        ("(2 + 3", "column 7: expected ')' for '(' of column 1, got the end"),
        ("2 + 3)", "column 6: expected an operator or the end, got ')'"),
        ("1 / 0", "column 3: division by zero"), ("1 / (2 - 2)", "column 3: division by zero"),
        ("0^-1", "column 2: division by zero: 0 to a negative power"),
        ("5 mod 0", "column 3: the remainder of a division by zero"),
        ("10 % 3", "column 6: expected an operator after '%', which is percent; for a remainder write mod(a, b)"),
        ("sqrt(-4)", "column 1: the root of a negative number is not real, got -4"),
        ("(-8)^0.5", "column 5: a negative number to a broken power is not real"),
        ("ln(0)", "column 1: a logarithm needs a number above 0, got 0"),
        ("log(5, 1)", "column 1: a logarithm has no base 1"), ("asin(2)", "column 1: the function is not defined at 2"),
        ("sqrt 4", "column 6: expected '(' after 'sqrt', which is a function"),
        ("sqr(4)", "column 1: 'sqr' is no function or constant; did you mean 'sqrt'?"),
        ("sqrt()", "column 1: sqrt takes 1 argument, got 0"), ("pow(1)", "column 1: pow takes 2 arguments, got 1"),
        ("round(1, 2, 3)", "column 1: round takes 1 to 2 arguments, got 3"),
        ("2.5!", "column 4: a factorial needs a whole number from 0, got 2.5"),
        ("(-1)!", "column 5: a factorial needs a whole number from 0, got -1"),
        ("1000!", "column 5: 1000! has more than 500 digits"),
        ("gcd(1.5, 2)", "column 1: gcd needs whole numbers, got 1.5"), ("2 & 3", "column 3: '&' is not understood"),
        (
            "10^400 * 10^400",
            "column 8: the result is too large: whole numbers have at most 500 digits, others are below 1.8e308"
        ),
        (
            "2^2^2^2^2^2",
            "column 4: the result is too large: whole numbers have at most 500 digits, others are below 1.8e308"
        ),
        ("1e9999", "column 1: the number is too long: at most 500 digits are read"),
        ("1e99999999999999999999", "column 2: the exponent is too large"),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told at its column`(_ expression: String, _ message: String) {
        let error = #expect(throws: CalculatorError.self) { try Calculator.evaluate(expression) }
        #expect(error?.description == message)
    }

    @Test func `what is too long, too deep or too much is refused with the limit`() {
        func message(_ expression: String) -> String? {
            #expect(throws: CalculatorError.self) { try Calculator.evaluate(expression) }?.message
        }
        #expect(
            message(String(repeating: "1", count: 1001))
                == "the expression is too long: at most 1000 characters are read")
        #expect(
            message(String(repeating: "1", count: 501)) == "the number is too long: at most 500 digits are read")
        let deep = "the expression is too deep: at most 64 levels are read"
        #expect(message(String(repeating: "(", count: 400)) == deep)
        #expect(message(String(repeating: "-", count: 400) + "1") == deep)
        #expect(message(String(repeating: "2^", count: 400) + "1") == deep)
        #expect(message(String(repeating: "abs(", count: 100)) == deep)
        #expect(message(String(repeating: "√", count: 400) + "4") == deep)
        #expect(
            message("3" + String(repeating: "%", count: 900))
                == "too many operations: at most 500 are done")
    }

    @Test func `a sum of many fractions is exact`() throws {
        let sum = (101...250).map { "1/\($0)" }.joined(separator: "+")
        #expect(try Calculator.evaluate(sum) == "0.913297731792959")
        #expect(try Calculator.evaluate("(\(sum)) * 0 + 1/3 * 3") == "1")
    }

    @Test func `whole numbers agree with those of 128 bits, and divide into what they are made of`() {
        var random = Xorshift(seed: 20_240_711)
        for _ in 0..<20_000 {
            let a = Int(truncatingIfNeeded: random.next()) >> Int(random.next() % 63)
            let b = Int(truncatingIfNeeded: random.next()) >> Int(random.next() % 63)
            let product = BigInteger(a) * BigInteger(b)
            #expect(product.digits == "\(Int128(a) * Int128(b))")
            #expect((BigInteger(a) - BigInteger(b)).digits == "\(Int128(a) - Int128(b))")
            guard b != 0 else { continue }
            let (quotient, remainder) = BigInteger(a).quotientAndRemainder(dividingBy: BigInteger(b))
            #expect(quotient.digits == "\(Int128(a) / Int128(b))" && remainder.digits == "\(Int128(a) % Int128(b))")
        }
        for _ in 0..<5_000 {
            // Words of all ones and zeros are where the estimate of a digit goes wrong.
            func number(_ count: Int) -> BigInteger {
                BigInteger(
                    words: (0..<count).map { _ in
                        [0, .max, 0x8000_0000, 1, UInt32(truncatingIfNeeded: random.next())][Int(random.next() % 5)]
                    } + [UInt32(truncatingIfNeeded: random.next()) | 1])
            }
            let divisor = number(Int(random.next() % 6)), wanted = number(Int(random.next() % 6))
            let rest = number(5).quotientAndRemainder(dividingBy: divisor).remainder
            let (quotient, remainder) = (divisor * wanted + rest).quotientAndRemainder(dividingBy: divisor)
            #expect(quotient == wanted && remainder == rest)
            #expect(BigInteger(digits: Array(wanted.digits.utf8)) == wanted)
            #expect((wanted * wanted).exactRoot(2) == wanted)
            #expect((wanted * wanted + .one).exactRoot(2) == nil)
        }
    }

    @Test func `any text has a value or a mistake, and both soon`() {
        var random = Xorshift(seed: 13)
        let pieces = [
            "1", "23", "4.5", "1e5", "+", "-", "*", "/", "^", "%", "!", "(", ")", ",", "sqrt(", "max(", "pi", "e",
            "mod", "of",
            "round(", "°", "√", " ", "é", "💥", "=", ".", "log(", "9999999999",
        ]
        for _ in 0..<3_000 {
            let text = (0..<Int(random.next() % 30)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
                .joined()
            do throws(CalculatorError) {
                _ = try Calculator.evaluate(text)
            } catch {
                #expect(error.column >= 1 && !error.message.isEmpty)
            }
        }
    }
}

/// The same numbers each time.
struct Xorshift {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
