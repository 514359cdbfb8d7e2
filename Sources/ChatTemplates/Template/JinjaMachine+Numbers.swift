import Foundation

extension Jinja.Machine {
    func real(_ a: Double, _ operation: Jinja.Operator, _ b: Double) throws(TemplateError) -> Value {
        switch operation {
        case .add: return .double(a + b)
        case .subtract: return .double(a - b)
        case .multiply: return .double(a * b)
        case .power: return .double(pow(a, b))
        case .divide, .floorDivide, .modulo:
            if b == 0 { throw fault("division by zero") }
            if operation == .divide { return .double(a / b) }
            var remainder = fmod(a, b)
            if remainder != 0, (remainder < 0) != (b < 0) { remainder += b }
            if operation == .modulo { return .double(remainder) }
            return .double(((a - remainder) / b).rounded())
        default: throw fault("'\(operation.rawValue)' does not go with numbers")
        }
    }

    /// Python's `%` on a text: `%s`, `%d`, `%i`, `%f`, `%r` and `%%`, a precision only for `%f`.
    func formatted(_ pattern: Text, _ given: Value) throws(TemplateError) -> Value {
        var arguments: [Value] = [given]
        if case .list(let list) = given, list.isTuple { arguments = list.items }
        var result = Text()
        var next = 0
        var place = 0
        let bytes = pattern.bytes
        while place < bytes.count {
            guard let mark = bytes[place...].firstIndex(of: UInt8(ascii: "%")) else { break }
            result.append(pattern.slice(place..<mark))
            place = mark + 1
            var precision = 6
            if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
                let digits = bytes[(place + 1)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.prefix(
                    2)
                precision = min(Int(String(decoding: digits, as: UTF8.self)) ?? 0, 30)
                place += 1 + digits.count
            }
            guard place < bytes.count else { throw fault("a format ends in the middle of a '%'") }
            let letter = Character(Unicode.Scalar(bytes[place]))
            place += 1
            if letter == "%" {
                result.append("%")
                continue
            }
            guard next < arguments.count else { throw fault("a format has more '%' than values") }
            let value = arguments[next]
            next += 1
            switch letter {
            case "s": result.append(try shown(value))
            case "r": result.append(try represented(value))
            case "d", "i":
                guard let number = value.asInt ?? value.asDouble.flatMap({ Int(exactly: $0.rounded(.towardZero)) })
                else {
                    throw fault("'%d' needs a number, got \(value.typeName)")
                }
                result.append(String(number), trusted: true)
            case "f":
                guard let number = value.asDouble else { throw fault("'%f' needs a number, got \(value.typeName)") }
                result.append(String(format: "%.\(precision)f", number), trusted: true)
            default: throw fault("'%\(letter)' is not a format of chat templates")
            }
            try check(result)
        }
        if place < bytes.count { result.append(pattern.slice(place..<bytes.count)) }
        if next < arguments.count, !(arguments.count == 1 && bytes.isEmpty) {
            throw fault("a format has fewer '%' than values")
        }
        return try text(result)
    }

    /// Python's `round`, half to even, at `precision` decimal places.
    func rounded(_ value: Double, _ precision: Int, _ rule: FloatingPointRoundingRule) -> Double {
        if rule == .toNearestOrEven, precision > 0, precision < 20, abs(value) < 1e15 {
            // By way of decimal digits: exact where scaling would round twice.
            return Double(String(format: "%.\(precision)f", value)) ?? value
        }
        let scale = pow(10, Double(max(-300, min(precision, 300))))
        return (value * scale).rounded(rule) / scale
    }
}
