/// The word scanners. Each takes the first alternative of its pattern that matches, as a backtracking regular
/// expression would; every alternative is one forward run, so the scan is linear.
extension ScalarReader {
    func gpt2WordEnd(from start: Int, limit: Int) -> Int {
        if let end = contractionEnd(at: start, limit: limit, ignoringCase: false) { return end }
        let (first, next) = read(at: start)
        if first.isOne(of: .whitespace) {
            guard first == .space, next < limit, let runs = gpt2Run(of: kind(at: next)) else {
                return whitespaceEnd(from: start, limit: limit)
            }
            return runEnd(of: runs, from: next, limit: limit)
        }
        return gpt2Run(of: first).map { runEnd(of: $0, from: next, limit: limit) } ?? next
    }

    /// The classes that share a word with `kind`; nil for whitespace.
    private func gpt2Run(of kind: ScalarClass) -> ScalarClass? {
        if kind.isOne(of: .letter) { return .letter }
        if kind.isOne(of: .number) { return .number }
        return kind.isOne(of: .other) ? .other : nil
    }

    func wordEnd(of pattern: WordPattern, from start: Int, limit: Int) -> Int {
        if pattern.contractions == .alone,
            let end = contractionEnd(at: start, limit: limit, ignoringCase: true)
        {
            return end
        }
        let (first, next) = read(at: start)
        if let end = lettersEnd(of: pattern.words, from: start, first, next, limit: limit) {
            guard pattern.contractions == .afterWords else { return end }
            return contractionEnd(at: end, limit: limit, ignoringCase: true) ?? end
        }
        if first.isOne(of: .number) {
            return runEnd(of: .number, from: next, limit: limit, scalarsMax: pattern.digitsMax - 1)
        }
        let symbols = pattern.words == .lettersAndMarks ? ScalarClass.other.subtracting(.mark) : .other
        if first.isOne(of: symbols) || (first == .space && next < limit && kind(at: next).isOne(of: symbols)) {
            return symbolsEnd(pattern.symbolsEnd, from: runEnd(of: symbols, from: next, limit: limit), limit: limit)
        }
        return lineBreakEnd(from: start, limit: limit) ?? whitespaceEnd(from: start, limit: limit)
    }

    /// A word of letters at `start`, whose first scalar is `first`: one character that is no line break, letter or
    /// number may lead it.
    private func lettersEnd(
        of words: WordPattern.Words, from start: Int, _ first: ScalarClass, _ next: Int, limit: Int
    ) -> Int? {
        let leads = !first.isOne(of: [.letter, .number, .newline])
        switch words {
        case .letters, .lettersAndMarks:
            let letters: ScalarClass = words == .letters ? .letter : [.letter, .mark]
            if first.isOne(of: letters) || (leads && next < limit && kind(at: next).isOne(of: letters)) {
                return runEnd(of: letters, from: next, limit: limit)
            }
            return nil
        case .cased:
            let led = leads ? casedRun(from: next, limit: limit) : CasedRun()
            if let end = led.mixedEnd { return end }
            // A mark both leads and is part of a word.
            guard first.isOne(of: [.letter, .mark]) else { return led.upperEnd }
            let own = casedRun(from: start, limit: limit)
            return own.mixedEnd ?? led.upperEnd ?? own.upperEnd
        }
    }

    /// The ends of what two patterns match from one place; nil where one does not match.
    private struct CasedRun {
        /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
        var mixedEnd: Int?
        /// The same with `+` and `*`; asked for only where the first does not match.
        var upperEnd: Int?
    }

    private func casedRun(from start: Int, limit: Int) -> CasedRun {
        let (uppers, lowers): (ScalarClass, ScalarClass) = ([.upper, .caseless, .mark], [.lower, .caseless, .mark])
        var index = start
        // What the first pattern gives back of its capitals when no small letter follows them.
        var lastLower: Int?
        while index < limit {
            let (kind, next) = read(at: index)
            guard kind.isOne(of: uppers) else { break }
            if kind.isOne(of: lowers) { lastLower = next }
            index = next
        }
        let end = runEnd(of: lowers, from: index, limit: limit)
        if end > index { return CasedRun(mixedEnd: end) }
        return CasedRun(mixedEnd: lastLower, upperEnd: index > start ? index : nil)
    }

    func deepSeek3WordEnd(from start: Int, limit: Int) -> Int? {
        let (first, next) = read(at: start)
        let signs: ScalarClass = [.punctuation, .symbol]
        if first.isOne(of: signs), text[start] < 0x80, next < limit, isASCIILetter(text[next]) {
            var index = next
            while index < limit, isASCIILetter(text[index]) { index += 1 }
            return index
        }
        let letters: ScalarClass = [.letter, .mark]
        let leads = !first.isOne(of: [.newline, .letter, .punctuation, .symbol])
        if first.isOne(of: letters) || (leads && next < limit && kind(at: next).isOne(of: letters)) {
            return runEnd(of: letters, from: next, limit: limit)
        }
        if first.isOne(of: signs) || (first == .space && next < limit && kind(at: next).isOne(of: signs)) {
            return symbolsEnd(.newlines, from: runEnd(of: signs, from: next, limit: limit), limit: limit)
        }
        guard first.isOne(of: .whitespace) else { return nil }
        return lineBreakEnd(from: start, limit: limit) ?? whitespaceEnd(from: start, limit: limit)
    }

    private func isASCIILetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private func runEnd(of wanted: ScalarClass, from start: Int, limit: Int, scalarsMax: Int = .max) -> Int {
        var index = start
        var scalars = 0
        while index < limit, scalars < scalarsMax {
            let (kind, next) = read(at: index)
            if !kind.isOne(of: wanted) { break }
            index = next
            scalars += 1
        }
        return index
    }

    private func symbolsEnd(_ rule: WordPattern.SymbolsEnd, from start: Int, limit: Int) -> Int {
        guard rule != .nothing else { return start }
        var index = start
        while index < limit {
            let byte = text[index]
            guard byte == 0x0A || byte == 0x0D || (rule == .newlinesAndSlashes && byte == UInt8(ascii: "/")) else {
                break
            }
            index += 1
        }
        return index
    }

    /// `\s*[\r\n]+`: up to the last line break of the whitespace here; nil when it has none.
    private func lineBreakEnd(from start: Int, limit: Int) -> Int? {
        var end: Int?
        var index = start
        while index < limit {
            let (kind, next) = read(at: index)
            if !kind.isOne(of: .whitespace) { break }
            index = next
            if kind == .newline { end = next }
        }
        return end
    }

    /// `\s+(?!\S)|\s+`: the whitespace here, less its last character when a word follows for that to belong to.
    private func whitespaceEnd(from start: Int, limit: Int) -> Int {
        var last = start
        var index = start
        while index < limit {
            let (kind, next) = read(at: index)
            if !kind.isOne(of: .whitespace) { return last > start ? last : index }
            last = index
            index = next
        }
        return index
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`. Without regard to case, U+017F (long s) is an s too: Unicode folds it so, and the
    /// published pattern goes by Unicode.
    private func contractionEnd(at start: Int, limit: Int, ignoringCase: Bool) -> Int? {
        guard start + 1 < limit, text[start] == UInt8(ascii: "'") else { return nil }
        func letter(_ index: Int) -> UInt8 {
            guard index < limit else { return 0 }
            let byte = text[index]
            return ignoringCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        }
        switch (letter(start + 1), letter(start + 2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF) where ignoringCase: return start + 3
        default: return nil
        }
    }
}
