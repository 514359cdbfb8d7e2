import Foundation

/// The treatment of each scalar of a text by BERT's tokenizer: leaves it out, takes it for a space, for a word of its
/// own, or for a part of a word, lower-cased and without its accents. The categories are those of Unicode 8, as in the
/// `tokenizers` library, whose ids are the reference.
struct BERTScalars: Sendable {
    enum Part {
        case space
        case inWord(Unicode.Scalar)
        /// Punctuation, or a Han character.
        case alone(Unicode.Scalar)
    }

    private let lowercases: Bool
    private let separatesHan: Bool
    /// Canonical decompositions of single scalars, whole; none when accents are kept. Hangul is computed.
    private let decompositions: [UInt32: [Unicode.Scalar]]
    private let stripsAccents: Bool

    init(_ options: WordPiece.Options) {
        lowercases = options.lowercases
        separatesHan = options.separatesHan
        stripsAccents = options.stripsAccents ?? options.lowercases
        decompositions = stripsAccents ? Self.allDecompositions() : [:]
    }

    /// Reads the scalar at `index` of valid UTF-8, moves on, and calls `use` for what becomes of it, in order.
    @inline(__always)
    func read(_ text: UnsafeBufferPointer<UInt8>, at index: inout Int, _ use: (Part) -> Void) {
        let byte = text[index]
        guard byte >= 0x80 else {
            index += 1
            readASCII(byte, use)
            return
        }
        let (scalar, next) = ScalarReader(text: text).decode(at: index)
        index = next
        read(scalar, use)
    }

    @inline(__always)
    private func readASCII(_ byte: UInt8, _ use: (Part) -> Void) {
        switch byte {
        case 0x61...0x7A, 0x30...0x39: use(.inWord(Unicode.Scalar(byte)))
        case 0x41...0x5A: use(.inWord(Unicode.Scalar(lowercases ? byte | 0x20 : byte)))
        case 0x20, 0x09, 0x0A, 0x0D: use(.space)
        case 0..<0x20, 0x7F: break
        default: use(.alone(Unicode.Scalar(byte)))
        }
    }

    private func read(_ scalar: Unicode.Scalar, _ use: (Part) -> Void) {
        if Self.isControl(scalar) { return }
        if scalar.properties.isWhitespace { return use(.space) }
        let isHan = separatesHan && Self.isHan(scalar)
        if isHan { use(.space) }
        if !stripsAccents {
            lowercase(scalar, use)
        } else {
            for part in decomposition(of: scalar) where !Self.isMark(part) { lowercase(part, use) }
        }
        if isHan { use(.space) }
    }

    private func lowercase(_ scalar: Unicode.Scalar, _ use: (Part) -> Void) {
        guard lowercases, scalar.properties.isUppercase || scalar.properties.changesWhenLowercased else {
            return use(Self.isPunctuation(scalar) ? .alone(scalar) : .inWord(scalar))
        }
        for lower in scalar.properties.lowercaseMapping.unicodeScalars { use(.inWord(lower)) }
    }

    // MARK: categories

    private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        // Of another category in Unicode 8 than in later ones.
        switch scalar.value {
        case 0x166D, 0x111C9: return .otherPunctuation
        case 0x1734, 0x1171E: return .nonspacingMark
        case 0x1885, 0x1886: return .otherLetter
        case 0xA9BD: return .spacingMark
        default: break
        }
        guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
        return scalar.properties.generalCategory
    }

    /// Left out of every text; private use too.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value == 0xFFFD { return true }
        switch category(scalar) {
        case .control, .format, .privateUse, .surrogate: return true
        default: return false
        }
    }

    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 {
            switch scalar.value {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
            default: return false
            }
        }
        switch category(scalar) {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && category(scalar) == .nonspacingMark
    }

    /// Han ideographs, in the blocks that the reference knows (its sixth begins where Unicode's Extension E does not).
    static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }

    // MARK: decomposition

    private func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if (0xAC00...0xD7A3).contains(scalar.value) { return Self.jamo(of: scalar.value - 0xAC00) }
        return decompositions[scalar.value] ?? [scalar]
    }

    /// The Unicode Standard, section 3.12: syllables decompose by arithmetic.
    private static func jamo(of syllable: UInt32) -> [Unicode.Scalar] {
        let (vowels, tails): (UInt32, UInt32) = (21, 28)
        let values = [
            0x1100 + syllable / (vowels * tails), 0x1161 + syllable % (vowels * tails) / tails,
            0x11A7 + syllable % tails,
        ]
        return values.prefix(syllable % tails == 0 ? 2 : 3).compactMap(Unicode.Scalar.init)
    }

    /// Where scalars with a decomposition lie.
    private static let decomposedRanges: [ClosedRange<UInt32>] = [
        0xC0...0x1FFF, 0x2000...0x2FFF, 0x3040...0x30FF, 0xF900...0xFB4F, 0x10500...0x105FF, 0x11000...0x119FF,
        0x16100...0x16DFF, 0x1D100...0x1D1FF, 0x2F800...0x2FA1F,
    ]

    /// One call of Foundation for all: about 25,000 scalars with a line break, which decomposes to itself, after each.
    private static func allDecompositions() -> [UInt32: [Unicode.Scalar]] {
        var text = String.UnicodeScalarView()
        var originals: [Unicode.Scalar] = []
        for scalar in decomposedRanges.joined().compactMap(Unicode.Scalar.init) {
            originals.append(scalar)
            text.append(scalar)
            text.append("\n")
        }
        let decomposed = String(text).decomposedStringWithCanonicalMapping.unicodeScalars
        var result: [UInt32: [Unicode.Scalar]] = [:]
        for (original, parts) in zip(originals, decomposed.split(separator: "\n", omittingEmptySubsequences: false)) {
            if !parts.elementsEqual(CollectionOfOne(original)) { result[original.value] = Array(parts) }
        }
        return result
    }
}
