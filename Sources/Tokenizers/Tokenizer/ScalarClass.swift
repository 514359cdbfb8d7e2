/// The only distinctions that the pre-tokenisers' patterns make: \p{L}, \p{N}, [\r\n], the space, other \s, the rest.
enum ScalarClass: UInt8 {
    case letter, number, newline, space, otherWhitespace, other

    var isWhitespace: Bool { self == .newline || self == .space || self == .otherWhitespace }

    /// [^\s\p{L}\p{N}]
    var isSymbol: Bool { self == .other }

    /// Whitespace is Unicode's White_Space; letters and numbers go by general category, in the version of
    /// Unicode that the Swift library knows.
    init(_ scalar: Unicode.Scalar) {
        let value = scalar.value
        if value < 0x80 {
            self = ScalarClass(ascii: UInt8(value))
        } else if (0x4E00...0x9FFC).contains(value) || (0xAC00...0xD7A3).contains(value) {
            self = .letter  // Han and Hangul are most of what is looked up in their languages
        } else {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = scalar.properties.isWhitespace ? .otherWhitespace : .other
            }
        }
    }

    init(ascii byte: UInt8) {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A: self = .letter
        case 0x20: self = .space
        case 0x30...0x39: self = .number
        case 0x0A, 0x0D: self = .newline
        case 0x09, 0x0B, 0x0C: self = .otherWhitespace
        default: self = .other
        }
    }
}

/// Reads valid UTF-8 (a Swift string's) scalar by scalar, with its class.
struct ScalarReader {
    let text: UnsafeBufferPointer<UInt8>

    /// The class of the scalar at `index` and the index after it. `index` is a scalar's first byte.
    func read(at index: Int) -> (kind: ScalarClass, next: Int) {
        let byte = text[index]
        if byte < 0x80 { return (ScalarClass(ascii: byte), index + 1) }
        let (scalar, next) = decode(at: index)
        return (ScalarClass(scalar), next)
    }

    func kind(at index: Int) -> ScalarClass { read(at: index).kind }

    func decode(at index: Int) -> (Unicode.Scalar, Int) {
        let lead = UInt32(text[index])
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
