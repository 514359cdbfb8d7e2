import RegularExpressions

/// How one form of sensitive text is found: a pattern for its shape, what must not stand beside it, and a check that a
/// pattern can't do.
struct SensitiveRule: Sendable {
    let kind: SensitiveKind
    let pattern: Pattern
    /// The longest match.
    let bytesMax: Int
    /// Whether a match may begin there, by what is before.
    let mayBegin: @Sendable (_ text: [UInt8], _ start: Int) -> Bool
    /// Whether a match may end there, by what follows.
    let mayEnd: @Sendable (_ text: [UInt8], _ end: Int) -> Bool
    let accepts: @Sendable (_ match: ArraySlice<UInt8>) -> Bool

    /// - Parameter bytesMax: where it is less than what the pattern takes.
    init(
        _ kind: SensitiveKind, _ source: String, ignoresCase: Bool = false, bytesMax: Int = .max,
        mayBegin: @escaping @Sendable ([UInt8], Int) -> Bool = SensitiveRule.isBesideNoWord(before:_:),
        mayEnd: @escaping @Sendable ([UInt8], Int) -> Bool = SensitiveRule.isBesideNoWord(_:after:),
        accepts: @escaping @Sendable (ArraySlice<UInt8>) -> Bool = { _ in true }
    ) {
        self.kind = kind
        do throws(PatternError) {
            pattern = try Pattern(source, ignoresCase: ignoresCase)
        } catch {
            preconditionFailure("the pattern of \(kind) is none: \(error)")
        }
        precondition(pattern.longestMatchBytes != nil || bytesMax < .max, "a match of \(kind) has no end")
        self.bytesMax = min(pattern.longestMatchBytes ?? .max, bytesMax)
        (self.mayBegin, self.mayEnd, self.accepts) = (mayBegin, mayEnd, accepts)
    }

    static let all: [SensitiveRule] = [email] + phones + [card, iban, ipv4, ipv6, key]

    /// No letter, digit or underscore is before the place.
    static func isBesideNoWord(before text: [UInt8], _ start: Int) -> Bool {
        start == 0 || !isWord(text[start - 1])
    }

    /// No letter, digit or underscore is behind the place.
    static func isBesideNoWord(_ text: [UInt8], after end: Int) -> Bool {
        end == text.count || !isWord(text[end])
    }

    static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "_") }
    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    static func digits(_ match: ArraySlice<UInt8>) -> [UInt8] { match.filter(isDigit).map { $0 - 0x30 } }
}
