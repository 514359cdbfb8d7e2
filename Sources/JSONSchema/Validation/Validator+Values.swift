import LlamaStackAPI

/// Numbers and strings.
extension Validator {
    mutating func judgeNumber(_ rules: NumberRules, _ value: JSON) -> Bool {
        var isValid = true
        if let least = rules.least, let order = value.compared(to: least.value), order < (least.isExclusive ? 1 : 0) {
            isValid = violate(
                least.isExclusive ? "exclusiveMinimum" : "minimum",
                "must be \(least.isExclusive ? "above \(least.value.text)" : "\(least.value.text) or more"), got \(value.text)"
            )
        }
        if let most = rules.greatest, let order = value.compared(to: most.value), order > (most.isExclusive ? -1 : 0) {
            isValid = violate(
                most.isExclusive ? "exclusiveMaximum" : "maximum",
                "must be \(most.isExclusive ? "below \(most.value.text)" : "\(most.value.text) or less"), got \(value.text)"
            )
        }
        if let divisor = rules.multipleOf, !value.isMultiple(of: divisor) {
            isValid = violate("multipleOf", "must be a multiple of \(divisor.text), got \(value.text)")
        }
        return isValid
    }

    mutating func judgeString(_ rules: StringRules, _ text: String) -> Bool {
        var isValid = true
        if rules.lengthMin > 0 || rules.lengthMax != nil {
            guard count(text.utf8.count / 64) else { return false }
            let length = text.unicodeScalars.count
            if length < rules.lengthMin {
                isValid = violate(
                    "minLength", "must have at least \(Self.amount(rules.lengthMin, "character")), has \(length)")
            }
            if let most = rules.lengthMax, length > most {
                isValid = violate("maxLength", "must have at most \(Self.amount(most, "character")), has \(length)")
            }
        }
        if let pattern = rules.pattern, !isFound(pattern, in: text) {
            isValid = violate("pattern", "must match \(pattern.source), got \(Excerpt.text(of: .string(text)))")
        }
        return isValid
    }

    /// `1 item`, `2 items`.
    static func amount(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : noun == "property" ? "\(count) properties" : "\(count) \(noun)s"
    }
}

extension JSON {
    /// Exact, whatever digits the two have. The divisor is above 0 and has at most ``multipleDigitsMax`` digits.
    func isMultiple(of divisor: JSON) -> Bool {
        guard let number = Digits(self), let divisor = Digits(divisor), !number.digits.isEmpty else { return true }
        // number = n · 10^a, divisor = d · 10^b, where neither n nor d ends in 0.
        let a = number.exponent.subtractingReportingOverflow(number.digits.count).partialValue
        let b = divisor.exponent.subtractingReportingOverflow(divisor.digits.count).partialValue
        guard a >= b else { return false }
        let d = divisor.digits.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 0x30) }
        let n = number.digits.reduce(UInt64(0)) { ($0 * 10 + UInt64($1 - 0x30)) % d }
        var power = UInt64(10) % d
        var remainder = n
        var left = a.subtractingReportingOverflow(b).partialValue
        while left > 0 {
            if left & 1 == 1 { remainder = Self.product(remainder, power, modulo: d) }
            power = Self.product(power, power, modulo: d)
            left >>= 1
        }
        return remainder == 0
    }

    /// So that a remainder times ten fits 64 bits.
    static let multipleDigitsMax = 18

    private static func product(_ one: UInt64, _ two: UInt64, modulo: UInt64) -> UInt64 {
        modulo.dividingFullWidth(one.multipliedFullWidth(by: two)).remainder
    }
}
