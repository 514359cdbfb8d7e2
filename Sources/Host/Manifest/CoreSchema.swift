import LlamaStackAPI

/// YAML 1.2's core schema: what a plain scalar means.
enum CoreSchema {
    static func value(of text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    /// Digits that neither 64 bits nor a double hold stay as they are; `.inf` and `.nan` stay strings, for JSON has no
    /// such numbers.
    private static func number(_ text: String) -> JSON? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 400 else { return nil }
        if text.hasPrefix("0x") { return integer(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return integer(text.dropFirst(2), radix: 8) }
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = takeDigits(&rest)
        var isInteger = true
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            isInteger = false
            rest = rest.dropFirst()
            fraction = takeDigits(&rest)
        }
        guard whole + fraction > 0 else { return nil }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            isInteger = false
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard takeDigits(&rest) > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        if isInteger, let value = Int64(text) { return .integer(value) }
        if let exact = exact(text, isInteger: isInteger) { return exact }
        guard let value = Double(text), value.isFinite else { return nil }
        return .number(value)
    }

    /// The number by every digit, where it needs them: as JSON writes it, without a plus or zeros in front.
    private static func exact(_ text: String, isInteger: Bool) -> JSON? {
        let isNegative = text.hasPrefix("-")
        let digits = text.drop { $0 == "-" || $0 == "+" }.drop { $0 == "0" }
        let leading = isInteger || digits.first?.isNumber == true ? "" : "0"
        guard case .exact(let number)? = try? JSON(parsing: (isNegative ? "-" : "") + leading + digits) else { return nil }
        return .exact(number)
    }

    private static func integer(_ digits: Substring, radix: Int) -> JSON? {
        guard let first = digits.first, first.isHexDigit else { return nil }
        if let value = Int64(digits, radix: radix) { return .integer(value) }
        return UInt64(digits, radix: radix).flatMap { try? JSON(parsing: String($0)) }
    }

    private static func takeDigits(_ bytes: inout ArraySlice<UInt8>) -> Int {
        let count = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        bytes = bytes.dropFirst(count)
        return count
    }
}
