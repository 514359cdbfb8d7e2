/// The scalars of a Unicode property by its name, as `\p{…}` gives it.
enum UnicodeProperty {
    /// `L`, `Letter`, `gc=Lu`, `General_Category=Uppercase_Letter`, `ASCII`, `Alphabetic` …; nil for others.
    static func set(_ name: String) -> ScalarSet? {
        switch name {
        case "Any": return .all
        case "ASCII": return ScalarSet([0...0x7F])
        case "ASCII_Hex_Digit", "AHex": return ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        case "Alphabetic", "Alpha": return alphabetic
        case "Uppercase", "Upper": return uppercase
        case "Lowercase", "Lower": return lowercase
        case "White_Space", "space": return whiteSpace
        case "Emoji": return emoji
        case "Emoji_Presentation", "EPres": return emojiPresentation
        case "ID_Start", "IDS": return idStart
        case "ID_Continue", "IDC": return idContinue
        default: break
        }
        let value = ["General_Category=", "gc="].first { name.hasPrefix($0) }.map { String(name.dropFirst($0.count)) }
        guard let short = categories.first(where: { $0.key == (value ?? name) || $0.value == (value ?? name) })?.key
        else { return nil }
        let wanted = codes.filter {
            $0.value.hasPrefix(short) || short == "LC" && ["Lu", "Ll", "Lt"].contains($0.value)
        }
        return ScalarSet(runs.filter { wanted[$0.category] != nil }.map(\.range))
    }

    // Each is made at its first use, in some milliseconds: all scalars are looked at.
    private static let alphabetic = scan { $0.properties.isAlphabetic }
    private static let uppercase = scan { $0.properties.isUppercase }
    private static let lowercase = scan { $0.properties.isLowercase }
    private static let whiteSpace = scan { $0.properties.isWhitespace }
    private static let emoji = scan { $0.properties.isEmoji }
    private static let emojiPresentation = scan { $0.properties.isEmojiPresentation }
    private static let idStart = scan { $0.properties.isIDStart }
    private static let idContinue = scan { $0.properties.isIDContinue }

    /// Scalars beside each other of one category.
    private static let runs: [(range: ClosedRange<UInt32>, category: Unicode.GeneralCategory)] = {
        var runs: [(range: ClosedRange<UInt32>, category: Unicode.GeneralCategory)] = []
        for value in assigned.joined() {
            guard let category = Unicode.Scalar(value)?.properties.generalCategory else { continue }
            if let last = runs.last, last.category == category, last.range.upperBound + 1 == value {
                runs[runs.count - 1].range = last.range.lowerBound...value
            } else {
                runs.append((value...value, category))
            }
        }
        return runs + [
            (0x40000...0xDFFFF, .unassigned), (0xE1000...0xEFFFF, .unassigned), (0xF0000...0xFFFFD, .privateUse),
            (0xFFFFE...0xFFFFF, .unassigned), (0x100000...0x10FFFD, .privateUse), (0x10FFFE...0x10FFFF, .unassigned),
        ]
    }()

    /// The planes that have characters, and the tags and selectors of plane 14: the rest is not looked at one by one.
    private static let assigned: [ClosedRange<UInt32>] = [0...0x3FFFF, 0xE0000...0xE0FFF]

    private static func scan(_ isIn: (Unicode.Scalar) -> Bool) -> ScalarSet {
        var ranges: [ClosedRange<UInt32>] = []
        for value in assigned.joined() {
            guard let scalar = Unicode.Scalar(value), isIn(scalar) else { continue }
            if let last = ranges.last, last.upperBound + 1 == value {
                ranges[ranges.count - 1] = last.lowerBound...value
            } else {
                ranges.append(value...value)
            }
        }
        return ScalarSet(ranges)
    }

    /// By short name: a category holds those that its name begins.
    private static let categories: [String: String] = [
        "L": "Letter", "LC": "Cased_Letter", "Lu": "Uppercase_Letter", "Ll": "Lowercase_Letter",
        "Lt": "Titlecase_Letter", "Lm": "Modifier_Letter", "Lo": "Other_Letter", "M": "Mark", "Mn": "Nonspacing_Mark",
        "Mc": "Spacing_Mark", "Me": "Enclosing_Mark", "N": "Number", "Nd": "Decimal_Number", "Nl": "Letter_Number",
        "No": "Other_Number", "P": "Punctuation", "Pc": "Connector_Punctuation", "Pd": "Dash_Punctuation",
        "Ps": "Open_Punctuation", "Pe": "Close_Punctuation", "Pi": "Initial_Punctuation", "Pf": "Final_Punctuation",
        "Po": "Other_Punctuation", "S": "Symbol", "Sm": "Math_Symbol", "Sc": "Currency_Symbol",
        "Sk": "Modifier_Symbol", "So": "Other_Symbol", "Z": "Separator", "Zs": "Space_Separator",
        "Zl": "Line_Separator", "Zp": "Paragraph_Separator", "C": "Other", "Cc": "Control", "Cf": "Format",
        "Co": "Private_Use", "Cn": "Unassigned",
    ]

    private static let codes: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So",
        .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
        .privateUse: "Co", .unassigned: "Cn",
    ]
}
