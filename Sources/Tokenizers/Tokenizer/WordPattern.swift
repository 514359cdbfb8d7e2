/// The pattern that GPT-4 introduced (cl100k) and what others changed in it. All of these have the same parts in the
/// same order: contractions, words, numbers, symbols, line breaks, whitespace.
struct WordPattern: Sendable, Equatable {
    enum Contractions: Sendable {
        case none
        /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)` is a word of its own.
        case alone
        /// It belongs to the word before it.
        case afterWords
    }

    enum Words: Sendable {
        /// `[^\r\n\p{L}\p{N}]?\p{L}+`
        case letters
        /// `[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+`; marks are no symbols then.
        case lettersAndMarks
        /// A capital after a small letter begins a word.
        case cased
    }

    /// The characters that may follow symbols in their word.
    enum SymbolsEnd: Sendable {
        case nothing
        /// `[\r\n]*`
        case newlines
        /// `[\r\n/]*`
        case newlinesAndSlashes
    }

    var contractions = Contractions.alone
    var words = Words.letters
    /// `\p{N}{1,digitsMax}`
    var digitsMax = 3
    var symbolsEnd = SymbolsEnd.newlines
}

extension WordPattern {
    /// Reads the regular expression as files spell it; nil when some part of it is not known.
    init?(pattern: String) {
        var rest = Substring(pattern)
        func take<Part>(_ spellings: [(String, Part)]) -> Part? {
            // The longest first: some begin others.
            let known = spellings.sorted { $0.0.utf8.count > $1.0.utf8.count }
            guard let (spelling, part) = known.first(where: { rest.utf8.starts(with: $0.0.utf8) }) else { return nil }
            rest = Substring(rest.utf8.dropFirst(spelling.utf8.count))
            return part
        }
        contractions = take(Self.contractionSpellings.map { ($0 + "|", .alone) }) ?? .none
        guard let words = take(Self.wordSpellings), let digits = take(Self.numberSpellings),
            let symbols = take(Self.symbolSpellings), Self.whitespaceSpellings.contains(String(rest))
        else { return nil }
        if words.hasContraction {
            guard contractions == .none else { return nil }
            contractions = .afterWords
        }
        guard (words.words == .lettersAndMarks) == symbols.excludesMarks else { return nil }
        (self.words, digitsMax, symbolsEnd) = (words.words, digits, symbols.end)
    }

    private static let contractionSpellings = [
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?i:[sdmt]|ll|ve|re)", "(?i:'[sdmt]|'ll|'ve|'re)",
    ]

    private static let wordSpellings: [(String, (words: Words, hasContraction: Bool))] = {
        let lead = #"[^\r\n\p{L}\p{N}]?"#
        let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
        func cased(_ tail: String) -> String { "\(lead)\(upper)*\(lower)+\(tail)|\(lead)\(upper)+\(lower)*\(tail)" }
        var spellings: [(String, (words: Words, hasContraction: Bool))] = [(cased("") + "|", (.cased, false))]
        for contraction in contractionSpellings { spellings.append((cased(contraction + "?") + "|", (.cased, true))) }
        for lead in [lead, lead + "+"] {
            for repeated in ["+", "++"] {
                spellings.append((#"\#(lead)\p{L}\#(repeated)|"#, (.letters, false)))
                spellings.append((#"\#(lead)[\p{L}\p{M}]\#(repeated)|"#, (.lettersAndMarks, false)))
            }
        }
        return spellings
    }()

    private static let numberSpellings: [(String, Int)] = [
        (#"\p{N}|"#, 1), (#"\p{N}{1}|"#, 1), (#"\p{N}{1,2}|"#, 2), (#"\p{N}{1,3}|"#, 3), (#"\p{N}+|"#, .max),
    ]

    private static let symbolSpellings: [(String, (end: SymbolsEnd, excludesMarks: Bool))] = {
        let classes = [
            (#"[^\s\p{L}\p{N}]"#, false), (#"[^\s\p{L}\p{N}\r\n]"#, false), (#"[^\s\p{L}\p{M}\p{N}]"#, true),
        ]
        let ends: [(String, SymbolsEnd)] = [
            ("", .nothing), (#"[\r\n]*"#, .newlines), (#"[\r\n]*+"#, .newlines), (#"[\r\n/]*"#, .newlinesAndSlashes),
        ]
        return classes.flatMap { symbols, excludesMarks in
            ["+", "++"].flatMap { repeated in
                ends.map { (" ?\(symbols)\(repeated)\($0.0)|", ($0.1, excludesMarks)) }
            }
        }
    }()

    /// `\s*` takes line breaks too, so it is all the same whether one follows or several.
    private static let whitespaceSpellings: Set<String> = [
        #"\s*[\r\n]+|\s+(?!\S)|\s+"#, #"\s*[\r\n]|\s+(?!\S)|\s+"#, #"\s*[\r\n]+|\s+(?!\S)|\s"#,
        #"\s*[\r\n]|\s+(?!\S)|\s"#,
    ]
}
