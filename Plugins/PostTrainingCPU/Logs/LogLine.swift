/// A line of a job's log as it is kept.
enum LogLine {
    /// A longer line is cut.
    static let bytesMax = 8 << 10

    /// Control characters written as `\u001B`, so that a line stays a line and steers no terminal; cut to
    /// ``bytesMax``.
    static func escaped(_ text: String) -> String {
        var line = ""
        var bytes = 0
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control || ["\u{2028}", "\u{2029}"].contains(scalar)
            let shown = isControl ? escape(scalar) : String(scalar)
            bytes += shown.utf8.count
            guard bytes <= bytesMax - cutMark.utf8.count else { return line + cutMark }
            line += shown
        }
        return line
    }

    private static let cutMark = " …"

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
