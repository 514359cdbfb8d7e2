/// Escapes and character classes.
extension PatternParser {
    /// Past the backslash, outside a class.
    mutating func escape() throws(PatternError) -> Syntax {
        let start = index - 1
        switch peek {
        case "b":
            index += 1
            return .assertion(.wordBoundary)
        case "B":
            index += 1
            return .assertion(.noWordBoundary)
        case let digit? where ("1"..."9").contains(digit):
            throw failure(
                "the back-reference '\\\(digit)' is not supported: it needs back-tracking", .unsupported, at: start)
        case "k":
            throw failure("the back-reference '\\k' is not supported: it needs back-tracking", .unsupported, at: start)
        default: return .scalars(folded(try escapedSet()))
        }
    }

    /// Past `[`.
    mutating func characterClass() throws(PatternError) -> ScalarSet {
        let start = index - 1
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard let scalar = peek else { throw failure("the class is not closed by ']'", at: start) }
            if take("]") { break }
            let first = index
            let low = try member(scalar)
            guard begins("-"), index + 1 < scalars.count, scalars[index + 1] != "]" else {
                ranges += low.ranges
                continue
            }
            index += 1
            let high = try member(scalars[index])
            guard let from = low.single, let to = high.single else {
                // `[\w-.]`: a hyphen that stands for itself.
                ranges += low.ranges + [0x2D...0x2D] + high.ranges
                continue
            }
            guard from <= to else { throw failure("the range's ends are out of order", at: first) }
            ranges.append(from...to)
        }
        // Before inverting, so that `[^a]` takes no `A` either.
        let set = folded(ScalarSet(ranges))
        return isInverted ? set.inverted : set
    }

    private mutating func member(_ scalar: Unicode.Scalar) throws(PatternError) -> ScalarSet {
        index += 1
        guard scalar == "\\" else { return ScalarSet(scalar.value) }
        if take("b") { return ScalarSet(0x08) }
        return try escapedSet()
    }

    /// Past the backslash: what an escape stands for, in a class and outside.
    private mutating func escapedSet() throws(PatternError) -> ScalarSet {
        let start = index - 1
        guard let scalar = next() else { throw failure("'\\' is followed by nothing; write '\\\\'", at: start) }
        switch scalar {
        case "d": return .digits
        case "D": return .digits.inverted
        case "w": return .words
        case "W": return .words.inverted
        case "s": return .spaces
        case "S": return .spaces.inverted
        case "t": return ScalarSet(0x09)
        case "n": return ScalarSet(0x0A)
        case "v": return ScalarSet(0x0B)
        case "f": return ScalarSet(0x0C)
        case "r": return ScalarSet(0x0D)
        case "0":
            if let digit = peek, ("0"..."9").contains(digit) {
                throw failure("octal escapes are none of ECMA-262", at: start)
            }
            return ScalarSet(0)
        case "c":
            guard let letter = next(), letter.isASCII, letter.properties.isAlphabetic else {
                throw failure("'\\c' must be followed by a letter", at: start)
            }
            return ScalarSet(letter.value & 0x1F)
        case "x":
            guard let value = hexadecimal(2) else {
                throw failure("'\\x' must be followed by two hexadecimal digits", at: start)
            }
            return ScalarSet(value)
        case "u": return ScalarSet(try unicode(start))
        case "p", "P":
            let set = try property(start)
            return scalar == "P" ? set.inverted : set
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("1"..."9").contains(scalar) else {
                throw failure("'\\\(scalar)' is no escape of ECMA-262", at: start)
            }
            return ScalarSet(scalar.value)
        }
    }

    private mutating func hexadecimal(_ digits: Int) -> UInt32? {
        guard index + digits <= scalars.count else { return nil }
        let text = String(String.UnicodeScalarView(scalars[index..<index + digits]))
        guard text.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }), let value = UInt32(text, radix: 16) else {
            return nil
        }
        index += digits
        return value
    }

    /// Past `\u`: four digits, a surrogate pair of such, or `{…}`.
    private mutating func unicode(_ start: Int) throws(PatternError) -> UInt32 {
        let wrong = failure(
            "'\\u' must be followed by four hexadecimal digits, or by a code point in braces", at: start)
        if take("{") {
            var digits = ""
            while let scalar = next(), scalar != "}" { digits.unicodeScalars.append(scalar) }
            guard let value = UInt32(digits, radix: 16), value <= 0x10FFFF, !digits.hasPrefix("+") else { throw wrong }
            return value
        }
        guard let value = hexadecimal(4) else { throw wrong }
        guard (0xD800...0xDBFF).contains(value), begins("\\u") else { return value }
        index += 2
        guard let low = hexadecimal(4), (0xDC00...0xDFFF).contains(low) else { throw wrong }
        return 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
    }

    /// Past `\p`.
    private mutating func property(_ start: Int) throws(PatternError) -> ScalarSet {
        guard take("{") else { throw failure("'\\p' must be followed by a property in braces", at: start) }
        var name = ""
        while let scalar = peek, scalar != "}" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard take("}") else { throw failure("the property is not closed by '}'", at: start) }
        guard let set = UnicodeProperty.set(name) else {
            throw failure(
                "the property '\(name)' is not supported; general categories and a few binary ones are", .unsupported,
                at: start)
        }
        return set
    }
}

extension ScalarSet {
    /// The scalar when there is one alone.
    fileprivate var single: UInt32? {
        guard let range = ranges.first, ranges.count == 1, range.count == 1 else { return nil }
        return range.lowerBound
    }
}
