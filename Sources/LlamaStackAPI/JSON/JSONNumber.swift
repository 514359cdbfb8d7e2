/// The numbers of JSON, from their text.
enum JSONNumber {
    /// An integer that fits `Int64`, a double where its text is the same number, and else the digits. nil for a number
    /// with a fraction or an exponent that is beyond all doubles. `raw` has been through the lexer.
    static func value(_ raw: UnsafeRawBufferPointer, isInteger: Bool) -> JSON? {
        if isInteger {
            if let integer = integer(raw) { return .integer(integer) }
            if raw.count > 2 { return .exact(JSONDecimal(unchecked: String(decoding: raw, as: UTF8.self))) }
        }
        if let short = short(raw) { return .number(short) }
        let text = String(decoding: raw, as: UTF8.self)
        // Correctly rounded, and whatever the locale.
        guard let double = Double(text), double.isFinite else { return nil }
        return isWhole(double, raw) ? .number(double) : .exact(JSONDecimal(unchecked: text))
    }

    /// Whether the double is written as the same number.
    private static func isWhole(_ double: Double, _ raw: UnsafeRawBufferPointer) -> Bool {
        if double.isNormal, digitCount(raw) <= digitsAlwaysHeld { return true }
        return Digits(raw) == Digits(.number(double))
    }

    /// Every decimal number of up to this many digits reads back from the nearest normal double (DBL_DIG of C).
    private static let digitsAlwaysHeld = 15

    /// From the first that is not 0, without those of the exponent.
    private static func digitCount(_ raw: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in raw {
            if byte | 0x20 == 0x65 { break }
            if byte > 0x30 || byte == 0x30 && count > 0 { count += 1 }
        }
        return count
    }

    /// nil when it does not fit, and for `-0`, which only a double can be.
    private static func integer(_ raw: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = raw[0] == 0x2D
        let digits = raw.dropFirst(isNegative ? 1 : 0)
        if isNegative, digits.first == 0x30 { return nil }
        var value: Int64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit - 0x30))
            if overflow || carry { return nil }
            value = sum
        }
        if isNegative { return value }
        let (positive, overflow) = Int64(0).subtractingReportingOverflow(value)
        return overflow ? nil : positive
    }

    /// The exact quotient of an integer below 10^15 and a power of ten up to 10^22: both are doubles, so one division
    /// rounds correctly (Clinger 1990). Covers the numbers people write; nil for the others.
    private static func short(_ raw: UnsafeRawBufferPointer) -> Double? {
        guard raw.count <= 17 else { return nil }
        var mantissa: Int64 = 0
        var decimals = 0
        var isFraction = false
        for byte in raw {
            switch byte {
            case 0x30...0x39:
                mantissa = mantissa &* 10 &+ Int64(byte - 0x30)
                if isFraction { decimals += 1 }
            case 0x2E: isFraction = true
            case 0x2D: continue
            default: return nil
            }
        }
        // Up to 15 digits are held; there are doubles for which 16 are not.
        guard mantissa < 1_000_000_000_000_000 else { return nil }
        let value = Double(mantissa) / powersOfTen[decimals]
        return raw[0] == 0x2D ? -value : value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    ]
}
