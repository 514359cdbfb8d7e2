/// The distinctions that the pre-tokenisers' patterns make. Every scalar is of exactly one class; a pattern's character
/// class is a set of them.
struct ScalarClass: OptionSet, Sendable {
    let rawValue: UInt16

    // Computed, so that the scanners' loops have them as constants.

    /// \p{Lu} and \p{Lt}
    static var upper: ScalarClass { ScalarClass(rawValue: 1 << 0) }
    /// \p{Ll}
    static var lower: ScalarClass { ScalarClass(rawValue: 1 << 1) }
    /// \p{Lm} and \p{Lo}
    static var caseless: ScalarClass { ScalarClass(rawValue: 1 << 2) }
    /// \p{M}
    static var mark: ScalarClass { ScalarClass(rawValue: 1 << 3) }
    /// \p{N}
    static var number: ScalarClass { ScalarClass(rawValue: 1 << 4) }
    /// [\r\n]
    static var newline: ScalarClass { ScalarClass(rawValue: 1 << 5) }
    static var space: ScalarClass { ScalarClass(rawValue: 1 << 6) }
    static var otherWhitespace: ScalarClass { ScalarClass(rawValue: 1 << 7) }
    /// \p{P}
    static var punctuation: ScalarClass { ScalarClass(rawValue: 1 << 8) }
    /// \p{S}
    static var symbol: ScalarClass { ScalarClass(rawValue: 1 << 9) }
    /// Controls, formats, private use and what is not assigned.
    static var rest: ScalarClass { ScalarClass(rawValue: 1 << 10) }

    /// \p{L}
    static var letter: ScalarClass { upper.union(lower).union(caseless) }
    /// \s
    static var whitespace: ScalarClass { newline.union(space).union(otherWhitespace) }
    /// [^\s\p{L}\p{N}]
    static var other: ScalarClass { mark.union(punctuation).union(symbol).union(rest) }

    @inline(__always)
    func isOne(of classes: ScalarClass) -> Bool { rawValue & classes.rawValue != 0 }

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Whitespace is Unicode's White_Space; all else goes by general category, in the version of Unicode that the Swift
    /// library knows.
    init(_ scalar: Unicode.Scalar) {
        let value = scalar.value
        if value < 0x80 {
            self = ScalarClass(ascii: UInt8(value))
        } else if (0x4E00...0x9FFC).contains(value) || (0xAC00...0xD7A3).contains(value) {
            self = .caseless  // Han and Hangul are most of what is looked up in their languages
        } else {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .titlecaseLetter: self = .upper
            case .lowercaseLetter: self = .lower
            case .modifierLetter, .otherLetter: self = .caseless
            case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                self = .punctuation
            case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: self = .symbol
            default: self = scalar.properties.isWhitespace ? .otherWhitespace : .rest
            }
        }
    }

    @inline(__always)
    init(ascii byte: UInt8) {
        switch byte {
        case 0x61...0x7A: self = .lower
        case 0x41...0x5A: self = .upper
        case 0x20: self = .space
        case 0x30...0x39: self = .number
        case 0x0A, 0x0D: self = .newline
        case 0x09, 0x0B, 0x0C: self = .otherWhitespace
        case UInt8(ascii: "$"), UInt8(ascii: "+"), UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: ">"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            self = .symbol
        case 0x21...0x7E: self = .punctuation
        default: self = .rest
        }
    }
}

/// A character class of a pattern: classes of scalars, and ranges of them.
struct ScalarSet: Sendable, Equatable {
    var classes: ScalarClass = []
    /// Ascending, never touching.
    var ranges: [ClosedRange<UInt32>] = []
    /// All scalars but these.
    var isInverted = false

    /// The ranges as a pattern spells them between brackets.
    var pattern: String {
        func character(_ value: UInt32) -> String { Unicode.Scalar(value).map { String($0) } ?? "" }
        return ranges.map { range in
            let ends = (character(range.lowerBound), character(range.upperBound))
            // Two neighbours stand side by side as a rule.
            return range.count == 1 ? ends.0 : range.count == 2 ? ends.0 + ends.1 : "\(ends.0)-\(ends.1)"
        }.joined()
    }

    func contains(_ scalar: Unicode.Scalar, _ kind: ScalarClass) -> Bool { lists(scalar, kind) != isInverted }

    private func lists(_ scalar: Unicode.Scalar, _ kind: ScalarClass) -> Bool {
        if kind.isOne(of: classes) { return true }
        guard let first = ranges.first, scalar.value >= first.lowerBound else { return false }
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar.value)
    }
}

/// Reads valid UTF-8 (a Swift string's) scalar by scalar, with its class.
struct ScalarReader {
    let text: UnsafeBufferPointer<UInt8>

    /// The class of the scalar at `index` and the index after it. `index` is a scalar's first byte.
    @inline(__always)
    func read(at index: Int) -> (kind: ScalarClass, next: Int) {
        let byte = text[index]
        if byte < 0x80 { return (ScalarClass(ascii: byte), index + 1) }
        let (scalar, next) = decode(at: index)
        return (ScalarClass(scalar), next)
    }

    func kind(at index: Int) -> ScalarClass { read(at: index).kind }

    /// Whether the scalar at `index` is in `set`, and the index after it.
    @inline(__always)
    func look(at index: Int, for set: ScalarSet) -> (isFound: Bool, next: Int) {
        if set.ranges.isEmpty {
            let (kind, next) = read(at: index)
            return (kind.isOne(of: set.classes) != set.isInverted, next)
        }
        let (scalar, next) = decode(at: index)
        return (set.contains(scalar, ScalarClass(scalar)), next)
    }

    /// The index after the scalar at `index` when it is in `set`.
    func next(after index: Int, in set: ScalarSet) -> Int? {
        let (isFound, next) = look(at: index, for: set)
        return isFound ? next : nil
    }

    func decode(at index: Int) -> (Unicode.Scalar, Int) {
        let lead = UInt32(text[index])
        if lead < 0x80 { return (Unicode.Scalar(UInt8(lead)), index + 1) }
        func tail(_ offset: Int) -> UInt32 { UInt32(text[index + offset] & 0x3F) }
        let (value, count): (UInt32, Int) =
            lead < 0xE0
            ? ((lead & 0x1F) << 6 | tail(1), 2)
            : lead < 0xF0
                ? ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3)
                : ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
        return (Unicode.Scalar(value) ?? "\u{FFFD}", index + count)
    }
}
