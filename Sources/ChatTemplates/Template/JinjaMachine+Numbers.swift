import Foundation

extension Jinja.Machine {
    func real(_ a: Double, _ operation: Jinja.Operator, _ b: Double) throws(TemplateError) -> Value {
        switch operation {
        case .add: return .double(a + b)
        case .subtract: return .double(a - b)
        case .multiply: return .double(a * b)
        case .power:
            if a == 0, b < 0 { throw fault("division by zero") }
            if a < 0, b != b.rounded(), !b.isInfinite { throw fault("a power that is no real number") }
            let result = pow(a, b)
            if result.isInfinite, a.isFinite, b.isFinite { throw fault("a power too large for a float") }
            return .double(result)
        case .divide, .floorDivide, .modulo:
            if b == 0 { throw fault("division by zero") }
            if operation == .divide { return .double(a / b) }
            // As CPython's floats: the zeros have signs.
            var remainder = fmod(a, b)
            var quotient = (a - remainder) / b
            if remainder == 0 {
                remainder = Double(signOf: b, magnitudeOf: 0)
            } else if (remainder < 0) != (b < 0) {
                remainder += b
                quotient -= 1
            }
            if operation == .modulo { return .double(remainder) }
            if quotient == 0 { return .double(Double(signOf: a / b, magnitudeOf: 0)) }
            let floor = quotient.rounded(.down)
            return .double(quotient - floor > 0.5 ? floor + 1 : floor)
        default: throw fault("'\(operation.rawValue)' does not go with numbers")
        }
    }

    /// Python's `round`, half to even, at `precision` decimal places.
    func rounded(_ value: Double, _ precision: Int, _ rule: FloatingPointRoundingRule) -> Double {
        guard value.isFinite else { return value }
        if rule == .toNearestOrEven {
            if precision > 330 { return value }
            if precision < -330 { return 0 * value }
            // By way of decimal digits: exact where scaling would round twice.
            if precision >= 0 { return Double(Jinja.fixed(value, precision)) ?? value }
        }
        let scale = pow(10, Double(max(-300, min(precision, 300))))
        // Python's floor and ceil give whole numbers, which have no negative zero.
        let whole = (value * scale).rounded(rule)
        return (rule == .toNearestOrEven ? whole : whole + 0) / scale
    }

    func rounded(_ value: Int, _ precision: Int) throws(TemplateError) -> Int {
        if precision >= 0 { return value }
        if precision < -18 { return 0 }
        var unit = 1
        for _ in 0..<(-precision) { unit *= 10 }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        let twice = remainder.magnitude.multipliedReportingOverflow(by: 2)
        let isUp = twice.overflow || twice.partialValue > unit || (twice.partialValue == unit && quotient % 2 != 0)
        let (result, overflows) = (quotient + (isUp ? value.signum() : 0)).multipliedReportingOverflow(by: unit)
        if overflows { throw fault("a number that does not fit 64 bits") }
        return result
    }
}
