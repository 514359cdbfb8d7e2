/// A number of a JSON text that neither `Int64` nor `Double` holds exactly, as its digits: an integer beyond 64 bits, a
/// fraction with more digits than a double has.
public struct JSONDecimal: Sendable, Hashable {
    /// As it stood in the text: a number of RFC 8259.
    public let text: String

    /// Trusts that the text is such a number; the lexer has checked it.
    init(unchecked text: String) { self.text = text }

    /// The nearest double; infinite for an integer beyond all doubles.
    public var doubleValue: Double { Double(text) ?? .nan }
}

extension JSON {
    /// The nearest double when this is a number, else nil. An integer beyond 2^53 is rounded; one that is beyond all
    /// doubles is infinite.
    public var numberValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .exact(let decimal): decimal.doubleValue
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// -1, 0 or 1: whether this number is less than the other, the same or greater, by every digit. 1 and 1.0 are the
    /// same. nil when one of the two is no number.
    public func compared(to other: JSON) -> Int? {
        switch (self, other) {
        case (.integer(let one), .integer(let two)): return Self.order(one, two)
        case (.number(let one), .number(let two)) where one.isFinite && two.isFinite: return Self.order(one, two)
        default: break
        }
        guard let one = Digits(self), let two = Digits(other) else { return nil }
        return one.compared(to: two)
    }

    fileprivate static func order<Value: Comparable>(_ one: Value, _ two: Value) -> Int {
        one < two ? -1 : one > two ? 1 : 0
    }
}

/// A number's value without rounding: ± 0.d₁d₂d₃… · 10^exponent, where d₁ and the last digit are not 0.
package struct Digits: Equatable {
    package private(set) var isNegative = false
    /// ASCII. Empty for zero.
    package private(set) var digits: [UInt8] = []
    package private(set) var exponent = 0

    /// nil for what is no finite number.
    package init?(_ json: JSON) {
        switch json {
        case .integer(let value): self.init(Array(String(value).utf8))
        case .number(let value):
            guard value.isFinite else { return nil }
            self.init(Array(value.description.utf8))
        case .exact(let decimal): self.init(Array(decimal.text.utf8))
        case .null, .bool, .string, .array, .object: return nil
        }
    }

    /// - Parameter text: a number of RFC 8259.
    init(_ text: some Collection<UInt8>) {
        var written = 0
        var isFraction = false
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x2D: isNegative = true
            case 0x2E: isFraction = true
            case 0x30...0x39:
                if !isFraction { exponent += 1 }
                if byte == 0x30, digits.isEmpty {
                    exponent -= 1
                } else {
                    digits.append(byte)
                    if byte != 0x30 { written = digits.count }
                }
            default:
                exponent = Self.sum(exponent, Self.integer(rest))
                rest = rest[rest.endIndex...]
            }
        }
        digits.removeLast(digits.count - written)
        if digits.isEmpty { (isNegative, exponent) = (false, 0) }
    }

    /// The same for numbers that are the same.
    package var text: String { "\(isNegative ? "-" : "")\(String(decoding: digits, as: UTF8.self))e\(exponent)" }

    func compared(to other: Digits) -> Int {
        if digits.isEmpty || other.digits.isEmpty || isNegative != other.isNegative {
            return JSON.order(sign, other.sign)
        }
        let isGreater: Bool
        if exponent != other.exponent {
            isGreater = exponent > other.exponent
        } else if digits == other.digits {
            return 0
        } else {
            isGreater = other.digits.lexicographicallyPrecedes(digits)
        }
        return isGreater != isNegative ? 1 : -1
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    /// Saturates: two numbers with exponents so large are told apart by their digits alone.
    private static func integer(_ text: some Collection<UInt8>) -> Int {
        guard let text = String(bytes: text, encoding: .utf8) else { return 0 }
        return Int(text) ?? (text.hasPrefix("-") ? .min : .max)
    }

    private static func sum(_ one: Int, _ two: Int) -> Int {
        let (sum, overflow) = one.addingReportingOverflow(two)
        return overflow ? (two < 0 ? .min : .max) : sum
    }
}
