/// Reads a pattern into its tree: ECMA-262 with the flag `u`, but lenient to escapes that stand for themselves, which
/// schemas are full of.
struct PatternParser {
    let scalars: [Unicode.Scalar]
    /// The byte at which each scalar begins, and that of the end.
    let offsets: [Int]
    var index = 0
    let ignoresCase: Bool
    let limits: PatternLimits
    private var depth = 0

    init(_ source: String, ignoresCase: Bool, limits: PatternLimits) throws(PatternError) {
        let bytes = source.utf8.count
        guard bytes <= limits.bytesMax else {
            throw PatternError(.limit, 0, "has \(bytes) bytes; the limit is \(limits.bytesMax) (bytesMax)")
        }
        scalars = Array(source.unicodeScalars)
        var offset = 0
        var offsets: [Int] = []
        for scalar in scalars {
            offsets.append(offset)
            offset += UTF8Sequences.length(of: scalar.value)
        }
        self.offsets = offsets + [offset]
        self.ignoresCase = ignoresCase
        self.limits = limits
    }

    mutating func parse() throws(PatternError) -> Syntax {
        let syntax = try alternatives()
        guard peek == nil else { throw failure("')' closes no group; write '\\)'") }
        return syntax
    }

    var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        index += 1
        return true
    }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        index += 1
        return scalar
    }

    func begins(_ text: String) -> Bool { scalars[index...].starts(with: text.unicodeScalars) }

    func failure(_ message: String, _ kind: PatternError.Kind = .invalid, at place: Int? = nil) -> PatternError {
        PatternError(kind, offsets[place ?? index], message)
    }

    private mutating func alternatives() throws(PatternError) -> Syntax {
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    private mutating func sequence() throws(PatternError) -> Syntax {
        var parts: [Syntax] = []
        while let scalar = peek, scalar != "|", scalar != ")" { parts.append(try term()) }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func term() throws(PatternError) -> Syntax {
        let start = index
        let atom = try atom()
        guard let (least, most) = try quantifier() else { return atom }
        if case .assertion = atom, scalars[start] != "(" { throw failure("an assertion can't be repeated", at: start) }
        _ = take("?")
        return .repetition(atom, min: least, max: most)
    }

    private mutating func atom() throws(PatternError) -> Syntax {
        let start = index
        switch next() {
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case ".": return .scalars(ScalarSet.lineEnds.inverted)
        case "(": return try group()
        case "[": return .scalars(folded(try characterClass()))
        case "\\": return try escape()
        case "*", "+", "?", "{":
            throw failure("'\(scalars[start])' has nothing before it to repeat; write '\\\(scalars[start])'", at: start)
        case let scalar?: return .scalars(folded(ScalarSet(scalar.value)))
        case nil: return .empty
        }
    }

    func folded(_ set: ScalarSet) -> ScalarSet { ignoresCase ? set.inBothCases : set }

    /// Past `(`.
    private mutating func group() throws(PatternError) -> Syntax {
        let start = index - 1
        if take("?") {
            let refused = [
                "=": "look-ahead", "!": "negative look-ahead", "<=": "look-behind", "<!": "negative look-behind",
            ]
            for (mark, name) in refused where begins(mark) {
                throw failure("\(name) '(?\(mark)' is not supported: it needs back-tracking", .unsupported, at: start)
            }
            if take("<") {
                while let scalar = peek, scalar != ">", scalar != ")" { index += 1 }
                guard take(">") else { throw failure("the group's name is not closed by '>'", at: start) }
            } else if !take(":") {
                throw failure("'(?' must be followed by ':' or '<name>'", .unsupported, at: start)
            }
        }
        guard depth < limits.depthMax else {
            throw failure(
                "groups are too deep in each other; the limit is \(limits.depthMax) (depthMax)", .limit, at: start)
        }
        depth += 1
        let syntax = try alternatives()
        depth -= 1
        guard take(")") else { throw failure("the group is not closed by ')'", at: start) }
        return syntax
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        let start = index
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        guard let least = number() else { throw failure("'{' must be followed by a count; write '\\{'", at: start) }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else { throw failure("the repetition is not closed by '}'", at: start) }
        for count in [least, most ?? 0] where count > limits.repetitionsMax {
            throw failure(
                "repeats \(count == .max ? "too often" : "\(count) times"); the limit is \(limits.repetitionsMax) (repetitionsMax)",
                .limit, at: start)
        }
        if let most, most < least { throw failure("the repetition's counts are out of order", at: start) }
        return (least, most)
    }

    /// nil without a digit; `Int.max` for more than there is.
    mutating func number() -> Int? {
        var value: Int?
        while let scalar = peek, (0x30...0x39).contains(scalar.value) {
            index += 1
            let (product, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(scalar.value) - 0x30)
            value = overflow || carry || value == .max ? .max : sum
        }
        return value
    }
}
