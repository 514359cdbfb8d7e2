/// The user's own text inside a message: control characters escaped, length bounded.
package enum Quote {
    /// "5", "0.3", for messages: no more digits than anyone set.
    package static func seconds(_ seconds: Double) -> String {
        let tenths = (seconds * 10).rounded() / 10
        return Int(exactly: tenths).map(String.init) ?? "\(tenths)"
    }

    /// A key or a value in quotation marks, at most 40 characters of it.
    package static func short(_ text: String, charactersMax: Int = 40) -> String {
        "'" + printable(text, charactersMax: charactersMax) + "'"
    }

    /// Looks at no more of `text` than it returns.
    package static func printable(_ text: String, charactersMax: Int) -> String {
        var out = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let piece = escaped(scalar)
            count += piece.count
            if count > charactersMax {
                while out.count > charactersMax - 1 { out.removeLast() }
                return out + "…"
            }
            out += piece
        }
        return out
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\t": return "\\t"
        case "\r": return "\\r"
        default: break
        }
        switch scalar.properties.generalCategory {
        // Format characters can turn the direction of the text around: shown by number too.
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
            return "\\u{" + String(scalar.value, radix: 16) + "}"
        default: return String(scalar)
        }
    }
}
