/// The word scanners. Each takes the first alternative of its pattern that matches, as a backtracking regular
/// expression would; every alternative is one forward run, so the scan is linear.
extension ScalarReader {
    /// GPT-2's words in `range`, which the pattern sees as the whole text.
    func forEachGPT2Word(in range: Range<Int>, _ word: (Range<Int>) -> Void) {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = gpt2WordEnd(from: index, limit: range.upperBound)
            word(index..<end)
            index = end
        }
    }

    private func gpt2WordEnd(from start: Int, limit: Int) -> Int {
        if let end = contractionEnd(at: start, limit: limit, ignoringCase: false) { return end }
        let (first, next) = read(at: start)
        switch first {
        case .letter, .number, .other:
            return runEnd(of: first, from: next, limit: limit)
        case .space where next < limit && !kind(at: next).isWhitespace:
            return runEnd(of: kind(at: next), from: next, limit: limit)
        case .space, .newline, .otherWhitespace:
            return whitespaceEnd(from: start, limit: limit)
        }
    }

    func forEachLlama3Word(digitsMax: Int, _ word: (Range<Int>) -> Void) {
        var index = 0
        while index < text.count {
            let end = llama3WordEnd(from: index, digitsMax: digitsMax)
            word(index..<end)
            index = end
        }
    }

    private func llama3WordEnd(from start: Int, digitsMax: Int) -> Int {
        let limit = text.count
        if let end = contractionEnd(at: start, limit: limit, ignoringCase: true) { return end }
        let (first, next) = read(at: start)
        if first == .letter { return runEnd(of: .letter, from: next, limit: limit) }
        if first == .number { return numberEnd(from: next, limit: limit, digitsMax: digitsMax) }
        // One character that is no line break may lead letters.
        if first != .newline, next < limit, kind(at: next) == .letter {
            return runEnd(of: .letter, from: next, limit: limit)
        }
        if first == .other { return newlinesEnd(from: runEnd(of: .other, from: next, limit: limit), limit: limit) }
        if first == .space, next < limit, kind(at: next) == .other {
            return newlinesEnd(from: runEnd(of: .other, from: next, limit: limit), limit: limit)
        }
        return lineBreakEnd(from: start, limit: limit) ?? whitespaceEnd(from: start, limit: limit)
    }

    private func runEnd(of wanted: ScalarClass, from start: Int, limit: Int) -> Int {
        var index = start
        while index < limit {
            let (kind, next) = read(at: index)
            if kind != wanted { break }
            index = next
        }
        return index
    }

    /// `\p{N}{1,digitsMax}`, one of them already read.
    private func numberEnd(from start: Int, limit: Int, digitsMax: Int) -> Int {
        var index = start
        for _ in 1..<max(digitsMax, 1) where index < limit {
            let (kind, next) = read(at: index)
            if kind != .number { break }
            index = next
        }
        return index
    }

    /// `[\r\n]*`
    private func newlinesEnd(from start: Int, limit: Int) -> Int {
        var index = start
        while index < limit, text[index] == 0x0A || text[index] == 0x0D { index += 1 }
        return index
    }

    /// `\s*[\r\n]+`: up to the last line break of the whitespace here; nil when it has none.
    private func lineBreakEnd(from start: Int, limit: Int) -> Int? {
        var end: Int?
        var index = start
        while index < limit {
            let (kind, next) = read(at: index)
            if !kind.isWhitespace { break }
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
            if !kind.isWhitespace { return last > start ? last : index }
            last = index
            index = next
        }
        return index
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`. Without regard to case, U+017F (long s) is an s too: Unicode folds it so, and the
    /// published pattern goes by Unicode.
    private func contractionEnd(at start: Int, limit: Int, ignoringCase: Bool) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < limit else { return nil }
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
