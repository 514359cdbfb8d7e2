/// The words of a text: split at everything that is neither a letter nor a number.
package enum Words {
    /// At most so many of them, the first ones. Linear in the text.
    package static func split(_ text: String, countMax: Int = .max) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.isInWords {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
            if words.count >= countMax { return words }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }
}

extension Unicode.Scalar {
    fileprivate var isInWords: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .privateUse:
            true
        default: false
        }
    }
}
