import Foundation

// Numbers as Python reads and writes them.
extension Jinja {
    enum WholeNumber { case number(Int), tooWide, none }

    /// Python's `int(text, base)` of a text without white space around it.
    static func whole(_ text: String, base: Int) -> WholeNumber {
        guard base == 0 || (2...36).contains(base) else { return .none }
        var digits = Array(text.unicodeScalars.prefix(5000))
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits.removeFirst()
        }
        var radix = base == 0 ? 10 : base
        if digits.count > 1, digits[0] == "0" {
            let prefixes: [Unicode.Scalar: Int] = ["x": 16, "X": 16, "o": 8, "O": 8, "b": 2, "B": 2]
            if let named = prefixes[digits[1]], base == 0 || base == named {
                radix = named
                digits.removeFirst(2)
                if digits.first == "_" { digits.removeFirst() }
            } else if base == 0, digits.contains(where: { $0 != "0" && $0 != "_" }) {
                return .none
            }
        }
        guard let plain = plainDigits(digits), let value = Int((isNegative ? "-" : "") + plain, radix: radix) else {
            guard let plain = plainDigits(digits), plain.allSatisfy({ Int(String($0), radix: radix) != nil }) else {
                return .none
            }
            return .tooWide
        }
        return .number(value)
    }

    /// ASCII digits and letters of these; underscores only between two of them.
    private static func plainDigits(_ scalars: [Unicode.Scalar]) -> String? {
        var plain = ""
        var mayPause = false
        for scalar in scalars {
            if scalar == "_" {
                guard mayPause else { return nil }
                mayPause = false
                continue
            }
            if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue {
                plain += String(Int(value))
            } else {
                guard scalar.isASCII, scalar.properties.isAlphabetic else { return nil }
                plain.unicodeScalars.append(scalar)
            }
            mayPause = true
        }
        return mayPause ? plain : nil
    }

    /// Python's `float(text)` of a text without white space around it.
    static func real(_ text: String) -> Double? {
        var rest = text.lowercased()[...]
        let sign = rest.first == "-" ? -1.0 : 1.0
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "inf" || rest == "infinity" { return sign * .infinity }
        if rest == "nan" { return .nan }
        var plain = ""
        var parts = rest.split(separator: "e", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        if parts.count == 2 {
            var exponent = parts.removeLast()
            var mark = "e"
            if exponent.first == "-" || exponent.first == "+" { mark += String(exponent.removeFirst()) }
            guard let digits = plainDigits(Array(exponent.unicodeScalars)), digits.allSatisfy(\.isNumber) else {
                return nil
            }
            plain = mark + digits
        }
        let sides = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard sides.count <= 2, sides.contains(where: { !$0.isEmpty }) else { return nil }
        var number: [String] = []
        for side in sides {
            if side.isEmpty {
                number.append("0")
                continue
            }
            guard let digits = plainDigits(Array(side.unicodeScalars)), digits.allSatisfy(\.isNumber) else {
                return nil
            }
            number.append(digits)
        }
        return Double(number.joined(separator: ".") + plain).map { sign * $0 }
    }

    /// Python's `repr`: the shortest digits that read back as the same number.
    static func digits(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let (sign, digits, point) = parts("\(value)")
        return sign + laidOut(digits, point, isScientific: point <= -4 || point > 16, addsPoint: true)
    }

    /// `%.Nf`
    static func fixed(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

    /// `%g` with this many digits; without the zeros at its end unless `keepsZeros`.
    static func general(_ value: Double, _ precision: Int, keepsZeros: Bool, addsPoint: Bool) -> String {
        guard value.isFinite else { return digits(value) }
        let count = max(1, precision)
        let written = String(format: "%.\(count - 1)e", value)
        var (sign, digits, point) = parts(written)
        let isScientific = point <= -4 || point > count - (addsPoint ? 1 : 0)
        if keepsZeros {
            digits += [UInt8](repeating: 48, count: max(0, count - digits.count))
        }
        return sign + laidOut(digits, point, isScientific: isScientific, addsPoint: addsPoint)
    }

    /// Sign, digits without zeros at either end, and the place of the point among them.
    private static func parts(_ written: String) -> (sign: String, digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        for (place, byte) in written.utf8.enumerated() {
            if byte == UInt8(ascii: ".") { point = digits.count }
            if byte | 32 == UInt8(ascii: "e") {
                exponent = Int(String(written.utf8.dropFirst(place + 1)) ?? "") ?? 0
                break
            }
            if byte >= 48, byte <= 57 { digits.append(byte) }
        }
        var at = (point ?? digits.count) + exponent
        while digits.count > 1, digits.first == 48 {
            digits.removeFirst()
            at -= 1
        }
        while digits.count > 1, digits.last == 48 { digits.removeLast() }
        if digits == [48] { at = 1 }
        return (written.hasPrefix("-") ? "-" : "", digits, at)
    }

    private static func laidOut(_ digits: [UInt8], _ point: Int, isScientific: Bool, addsPoint: Bool) -> String {
        func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
        if isScientific {
            let exponent = point - 1
            let tail = digits.count > 1 ? "." + text(digits.dropFirst()) : ""
            let size = String(abs(exponent))
            return text(digits.prefix(1)) + tail + "e" + (exponent < 0 ? "-" : "+") + (size.count < 2 ? "0" : "") + size
        }
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + text(digits) }
        if point >= digits.count {
            return text(digits) + String(repeating: "0", count: point - digits.count) + (addsPoint ? ".0" : "")
        }
        return text(digits[..<point]) + "." + text(digits[point...])
    }
}
