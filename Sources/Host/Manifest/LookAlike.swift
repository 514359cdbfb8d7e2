/// Characters that look like one that means something in YAML, and mean nothing there: they come from word processors,
/// web pages and chats, and they are invisible.
struct LookAlike {
    /// "no-break space".
    var name: String
    /// The character that was probably meant: " ", "-", ":", "\"" or nothing at all.
    var meant: String

    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0xA0, 0x202F: (name, meant) = ("no-break space", " ")
        case 0x3000: (name, meant) = ("wide space", " ")
        case 0x1680, 0x2000...0x200A, 0x205F: (name, meant) = ("typographic space", " ")
        case 0x85, 0x2028, 0x2029: (name, meant) = ("special line break", "\n")
        case 0xFEFF: (name, meant) = ("byte order mark", "")
        case 0xAD, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x2069:
            (name, meant) = ("character without a width", "")
        case 0x201C...0x201F, 0xAB, 0xBB, 0xFF02: (name, meant) = ("typographic quotation mark", "\"")
        case 0x2018...0x201B, 0xFF07: (name, meant) = ("typographic quotation mark", "'")
        case 0x2010...0x2015, 0x2212, 0xFF0D: (name, meant) = ("dash", "-")
        case 0x2022, 0x2023, 0x25E6, 0x2043, 0xB7: (name, meant) = ("bullet", "-")
        case 0xFF1A, 0xFE55: (name, meant) = ("wide colon", ":")
        case 0xFF0C: (name, meant) = ("wide comma", ",")
        default: return nil
        }
    }

    var isSpace: Bool { meant == " " || meant.isEmpty }
    var isQuotationMark: Bool { meant == "\"" || meant == "'" }

    /// "a no-break space (U+00A0)".
    static func described(_ scalar: Unicode.Scalar) -> String {
        let number = String(scalar.value, radix: 16, uppercase: true)
        let name = LookAlike(scalar)?.name ?? "character"
        return "a \(name) (U+\(String(repeating: "0", count: max(0, 4 - number.count)))\(number))"
    }

    struct Finding {
        /// The offset into the text, in characters.
        var offset: Int
        var message: String
        var hint: String
        /// The text as it was probably meant.
        var mended: String
        /// It is what YAML's structure is made of, a list's '-' or a key's indentation: what the text is part of is not
        /// what was meant.
        var isStructure = false
    }

    // MARK: a text that could be read

    /// A character that probably does not belong to a plain scalar. The middle of a value may contain anything; a key
    /// is checked more strictly.
    static func finding(in text: String, isKey: Bool) -> Finding? {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last, !text.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        if isListItem(scalars) {
            var item = finding(at: 0, scalars, mended: scalars.dropFirst(2))
            item?.isStructure = true
            return item
        }
        let quotes: [Unicode.Scalar] = ["\"", "'"]
        if scalars.count > 1, LookAlike(first)?.isQuotationMark == true,
            LookAlike(last)?.isQuotationMark == true || quotes.contains(last)
        {
            return finding(at: 0, scalars, mended: scalars.dropFirst().dropLast())
        }
        for (offset, scalar) in scalars.enumerated() {
            guard let found = LookAlike(scalar) else { continue }
            let next = offset + 1 < scalars.count ? scalars[offset + 1] : nil
            let isEdge = scalars[..<offset].allSatisfy(isSpace) || scalars[(offset + 1)...].allSatisfy(isSpace)
            if found.isSpace, isKey || isEdge {
                let kept = isKey ? scalars.filter { !isSpace($0) } : trimmed(scalars)
                var space = finding(at: offset, scalars, mended: kept)
                space?.isStructure = isKey && offset == 0 && found.meant == " "
                return space
            }
            if found.isSpace, next == "#" { return finding(at: offset, scalars, mended: scalars[..<offset]) }
            if isKey, found.meant == ":" { return finding(at: offset, scalars, mended: scalars[..<offset]) }
        }
        return nil
    }

    private static func trimmed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(scalars.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private static func isListItem(_ scalars: [Unicode.Scalar]) -> Bool {
        guard scalars.count > 2, isSpace(scalars[1]) else { return false }
        let isASCII = scalars[0] == "-" && scalars[1] != " "
        return isASCII || LookAlike(scalars[0])?.meant == "-"
    }

    static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || LookAlike(scalar)?.isSpace == true }

    private static func finding(
        at offset: Int, _ scalars: [Unicode.Scalar], mended: some Sequence<Unicode.Scalar>
    ) -> Finding? {
        let place = LookAlike(scalars[offset]) == nil ? offset + 1 : offset
        guard let found = LookAlike(scalars[place]) else { return nil }
        let words = words(found, scalars[place])
        return Finding(offset: place, message: words.message, hint: words.hint, mended: YAMLLines.string(mended))
    }

    /// The message and the hint about one.
    static func words(_ found: LookAlike, _ scalar: Unicode.Scalar) -> (message: String, hint: String) {
        let described = described(scalar)
        switch found.meant {
        case " ": return ("here is \(described), which is not a space to YAML", "replace it with a space")
        case "": return ("here is \(described), which is invisible", "remove it")
        case "\n": return ("here is \(described), which ends the line to YAML", "remove it")
        case "\"", "'":
            return (
                "\(described) does not quote in YAML",
                "write \(found.meant) in its place; to keep it as text, put the whole value into \"…\""
            )
        default: return ("here is \(described) in place of '\(found.meant)'", "write '\(found.meant)'")
        }
    }

    // MARK: a text that could not be read

    /// The first in a line, outside of quotation marks and comments, where it may be why the line can't be read.
    static func suspect(in line: [Unicode.Scalar]) -> Int? {
        var quote: Unicode.Scalar?
        var previous: Unicode.Scalar = " "
        var isStart = true
        for (index, scalar) in line.enumerated() {
            defer { previous = scalar }
            if let open = quote {
                if scalar == open { quote = nil }
                continue
            }
            if scalar == "#", isSpace(previous) || index == 0 { return nil }
            if scalar == "\"" || scalar == "'", previous == " " || "[{,:".unicodeScalars.contains(previous) {
                quote = scalar
            }
            if let found = LookAlike(scalar) {
                // A dash is one only where a list's item begins, a quotation mark where a value does.
                let isSuspect =
                    found.meant == "-" ? isStart : found.isQuotationMark ? isSpace(previous) || isStart : true
                if isSuspect { return index }
            }
            if !isSpace(scalar), scalar != "\t" { isStart = false }
        }
        return nil
    }
}
