/// Text of others, which is not to steer the terminal that shows it.
package enum TerminalText {
    /// `text` with what a terminal would act on written as `\u001B`, as in JSON: control characters other than the
    /// newline and the tab, and format characters that turn the direction of text around.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isActed) else { return text }
        var shown = String.UnicodeScalarView()
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            // A line's end of two characters.
            if scalar == "\r", scalars.first == "\n" { continue }
            if isActed(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                shown += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    private static func isActed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x09: false
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029: true
        default: false
        }
    }
}
