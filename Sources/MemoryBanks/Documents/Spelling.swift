import Foundation

/// Makes spellings of a word that its readers hold for the same one the same: compatibility formats (NFKC), case, marks
/// that are optional, what is not seen.
enum Spelling {
    static func folded(_ text: String) -> String.UnicodeScalarView {
        var text = text
        if text.withUTF8({ $0.allSatisfy { $0 < 0x80 } }) { return text.lowercased().unicodeScalars }
        var folded = String.UnicodeScalarView()
        var base: Unicode.Scalar = " "
        var last: Unicode.Scalar = " "
        var isComposed = true
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
            if scalar.isUnseen || scalar.isOptionalMark(on: base) { continue }
            isComposed = isComposed && !scalar.mayCompose
            if !scalar.isMark { base = scalar }
            // Taken apart by compatibility, this vowel of Thai and of Lao is in no dictionary.
            if let vowel = Self.vowel(last, scalar) {
                folded.removeLast()
                folded.append(vowel)
            } else {
                scalar.append(to: &folded)
            }
            last = scalar
        }
        return isComposed ? folded : String(folded).precomposedStringWithCanonicalMapping.unicodeScalars
    }

    private static func vowel(_ one: Unicode.Scalar, _ other: Unicode.Scalar) -> Unicode.Scalar? {
        switch (one.value, other.value) {
        case (0x0E4D, 0x0E32): "\u{0E33}"
        case (0x0ECD, 0x0EB2): "\u{0EB3}"
        default: nil
        }
    }
}

extension Unicode.Scalar {
    /// Soft hyphens, joiners, marks of direction, selectors of a variant; Arabic's lengthening stroke. The space of
    /// width zero ends a word.
    fileprivate var isUnseen: Bool {
        value >= 0x80 && value != 0x200B && (value == 0x0640 || properties.isDefaultIgnorableCodePoint)
    }

    /// Accents, and the points of Hebrew, Arabic and Syriac. What makes another letter of Cyrillic's и, у and і stays,
    /// and so do the vowels of scripts that write them as marks.
    fileprivate func isOptionalMark(on base: Unicode.Scalar) -> Bool {
        switch value {
        case ..<0x300: false
        case 0x306: !(base == "и" || base == "И" || base == "у" || base == "У")
        case 0x308: !(base == "і" || base == "І")
        case 0x300...0x36F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        case 0x483...0x489, 0x2DE0...0x2DFF, 0xA66F...0xA672, 0xA674...0xA67D: true
        case 0x591...0x5BD, 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7: true
        case 0x610...0x61A, 0x64B...0x65F, 0x670, 0x6D6...0x6DC, 0x6DF...0x6E4, 0x6E7, 0x6E8, 0x6EA...0x6ED,
            0x730...0x74A, 0x8CA...0x8E1, 0x8E3...0x8FF:
            true
        case 0x951...0x954, 0x1CD0...0x1CE8: true
        default: false
        }
    }

    /// Whether composing may change it: a mark that stayed, or a part of a Korean syllable.
    fileprivate var mayCompose: Bool { value >= 0x300 && ((0x1100...0x11FF).contains(value) || isMark) }

    fileprivate func append(to text: inout String.UnicodeScalarView) {
        if value < 0x80 {
            text.append((0x41...0x5A).contains(value) ? Unicode.Scalar(UInt8(value + 32)) : self)
        } else if let plain = Self.plain[self] {
            text.append(contentsOf: plain.unicodeScalars)
        } else if let digit = properties.numericType == .decimal ? properties.numericValue : nil, digit < 10 {
            text.append(Unicode.Scalar(UInt8(48 + digit)))
        } else if properties.changesWhenCaseFolded {
            // Folding is what the steps make together: ẞ and ß are ss, ς is σ.
            text.append(contentsOf: properties.lowercaseMapping.uppercased().lowercased().unicodeScalars)
        } else {
            text.append(self)
        }
    }

    /// Letters whose stroke or ligature Unicode does not take apart.
    private static let plain: [Unicode.Scalar: String] = [
        "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ħ": "h", "Ħ": "h", "ŧ": "t", "Ŧ": "t", "ı": "i",
        "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th",
    ]
}
