extension Jinja {
    static func changed(_ text: Text, _ how: String) -> Text {
        switch how {
        case "upper": text.mapped { $0.uppercased() }
        case "lower": text.mapped(lowercased)
        case "casefold":
            // By way of capitals, which is how ß becomes ss; the dotless i alone would become another letter.
            text.mapped { run in
                run.unicodeScalars.reduce(into: "") { result, scalar in
                    guard scalar != "\u{131}" else { return result.unicodeScalars.append(scalar) }
                    for capital in scalar.properties.uppercaseMapping.unicodeScalars {
                        result += capital.properties.lowercaseMapping
                    }
                }
            }
        default:
            text.mapped { run in
                let small = Array(run.unicodeScalars)
                return small.indices.reduce(into: "") { result, place in
                    let properties = small[place].properties
                    if properties.isUppercase {
                        result += lower(small, place)
                    } else {
                        result += properties.isLowercase ? properties.uppercaseMapping : String(Character(small[place]))
                    }
                }
            }
        }
    }

    private static func lowercased(_ run: String) -> String {
        guard run.unicodeScalars.contains("\u{3A3}") else { return run.lowercased() }
        let scalars = Array(run.unicodeScalars)
        return scalars.indices.reduce(into: "") { $0 += lower(scalars, $1) }
    }

    /// The small form; a sigma that ends a word has one of its own.
    private static func lower(_ scalars: [Unicode.Scalar], _ place: Int) -> String {
        guard scalars[place] == "\u{3A3}" else { return scalars[place].properties.lowercaseMapping }
        let before = scalars[..<place].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(place + 1)...].first { !$0.properties.isCaseIgnorable }
        let isFinal = (before?.properties.isCased ?? false) && !(after?.properties.isCased ?? false)
        return isFinal ? "\u{3C2}" : "\u{3C3}"
    }

    static func capitalized(_ text: Text) -> Text {
        guard let first = text.bytes.first else { return text }
        let length = length(ofLead: first)
        var result = text.slice(0..<length).mapped { $0.unicodeScalars.first?.properties.titlecaseMapping ?? $0 }
        result.append(changed(text, "lower").slice(after: Jinja.changed(text.slice(0..<length), "lower").bytes.count))
        return result
    }

    /// The first letter after each character for which `startsWord` holds in its large form, the others in their small.
    static func titled(
        _ text: Text, first: (Unicode.Scalar.Properties) -> String = { $0.titlecaseMapping },
        startsWord: (Unicode.Scalar) -> Bool
    ) -> Text {
        var atStart = true
        return text.mapped { run in
            let scalars = Array(run.unicodeScalars)
            return scalars.indices.reduce(into: "") { result, place in
                result += atStart ? first(scalars[place].properties) : lower(scalars, place)
                atStart = startsWord(scalars[place])
            }
        }
    }

    static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// Python's `str.isupper` and its likes: every character holds, and there is one.
    static func isAll(_ name: String, _ text: Text) -> Bool {
        let scalars = text.string.unicodeScalars
        func all(_ holds: (Unicode.Scalar) -> Bool) -> Bool { !scalars.isEmpty && scalars.allSatisfy(holds) }
        func isTitle(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .titlecaseLetter }
        switch name {
        case "isupper":
            return scalars.contains(where: \.properties.isUppercase)
                && !scalars.contains { $0.properties.isLowercase || isTitle($0) }
        case "islower":
            return scalars.contains(where: \.properties.isLowercase)
                && !scalars.contains { $0.properties.isUppercase || isTitle($0) }
        case "istitle": return isTitled(scalars)
        case "isspace": return all(isSpace)
        case "isalpha": return all(isLetter)
        case "isalnum": return all { isLetter($0) || $0.properties.numericType != nil }
        case "isnumeric": return all { $0.properties.numericType != nil }
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        case "isascii": return text.isASCII
        case "isprintable": return scalars.allSatisfy(isPrintable)
        case "isidentifier":
            guard let first = scalars.first, first == "_" || first.properties.isXIDStart else { return false }
            return scalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
        default: return all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        }
    }

    private static func isTitled(_ scalars: String.UnicodeScalarView) -> Bool {
        var (isInside, hasCased) = (false, false)
        for scalar in scalars {
            let properties = scalar.properties
            let isLarge = properties.isUppercase || properties.generalCategory == .titlecaseLetter
            if isLarge ? isInside : properties.isLowercase && !isInside { return false }
            isInside = isLarge || properties.isLowercase
            hasCased = hasCased || isInside
        }
        return hasCased
    }

    /// Whether Python's `repr` writes the scalar as it is.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}

extension Jinja.Text {
    fileprivate func slice(after start: Int) -> Jinja.Text { slice(min(start, bytes.count)..<bytes.count) }
}
