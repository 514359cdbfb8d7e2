/// How byte-level BPE cuts text into words before it merges; merges never cross a cut. The published patterns
/// are regular expressions; here they are scanners by hand, since they run over every prompt.
struct PreTokenizer: Sendable, Equatable {
    /// Each cuts the pieces of the one before it.
    var splits: [WordSplit]
    /// The text is first brought to Unicode form NFC.
    var normalizesToNFC = false

    init(_ splits: [WordSplit], normalizesToNFC: Bool = false) {
        (self.splits, self.normalizesToNFC) = (splits, normalizesToNFC)
    }

    init(_ pattern: WordPattern, normalizesToNFC: Bool = false) {
        self.init([.words(pattern)], normalizesToNFC: normalizesToNFC)
    }

    /// Calls `word` for each word of `text` (valid UTF-8), in order and without gaps.
    func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ word: (Range<Int>) -> Void) {
        cut(0..<text.count, of: ScalarReader(text: text), from: 0, word)
    }

    /// By the steps from number `step` on.
    private func cut(_ range: Range<Int>, of reader: ScalarReader, from step: Int, _ word: (Range<Int>) -> Void) {
        if step + 1 == splits.count { return reader.forEachPiece(of: splits[step], in: range, word) }
        guard step < splits.count else {
            if !range.isEmpty { word(range) }
            return
        }
        reader.forEachPiece(of: splits[step], in: range) { cut($0, of: reader, from: step + 1, word) }
    }
}

extension PreTokenizer {
    static let gpt2 = PreTokenizer([.gpt2])
    /// Every number's character on its own first, then as `gpt2` between them.
    static let smollm = PreTokenizer([.digits, .gpt2])
    static let llama3 = PreTokenizer(WordPattern())
    /// As `llama3`, but each `\p{N}` on its own.
    static let singleDigits = PreTokenizer(WordPattern(digitsMax: 1))
    static let qwen2 = PreTokenizer(WordPattern(digitsMax: 1), normalizesToNFC: true)
    static let qwen35 = PreTokenizer(WordPattern(words: .lettersAndMarks, digitsMax: 1), normalizesToNFC: true)
    static let superBPE = PreTokenizer([.runs(ScalarSet(classes: .number), scalarsMax: .max), .thousands])
    static let miniCPM5 = PreTokenizer([
        .runs(ScalarSet(classes: .number), scalarsMax: 3), .words(WordPattern(digitsMax: .max)),
    ])
    static let laguna = PreTokenizer([.runs(.lineFeeds, scalarsMax: .max), .words(WordPattern(digitsMax: 1))])
    static let seedCoder = PreTokenizer(WordPattern(digitsMax: 1, symbolsEnd: .nothing))
    static let tekken = PreTokenizer(
        WordPattern(contractions: .none, words: .cased, digitsMax: 1, symbolsEnd: .newlinesAndSlashes))
    static let gpt4o = PreTokenizer(
        WordPattern(contractions: .afterWords, words: .cased, symbolsEnd: .newlinesAndSlashes))
    static let deepSeekCoder = PreTokenizer([
        .runs(.newlines, scalarsMax: 1), .ledRuns(ScalarSet(classes: .letter), lead: .whitespace),
        .ledRuns(ScalarSet(classes: .punctuation), lead: .whitespace), .runs(.deepSeekEastAsian, scalarsMax: .max),
        .digits,
    ])
    static let deepSeekLLM = PreTokenizer([
        .runs(.newlines, scalarsMax: 1), .ledRuns(.deepSeekLetters, lead: .whitespace),
        .ledRuns(.deepSeekPunctuation, lead: .whitespace),
        .trailingWhitespace, .runs(.deepSeekEastAsian, scalarsMax: .max), .digits,
    ])
    static let bloom = PreTokenizer([.ledRuns(.notBloomPunctuation, lead: .space)])
    static let viking = PreTokenizer(bloom.splits + [.digits])
    static let deepSeek3 = PreTokenizer([
        .runs(ScalarSet(classes: .number), scalarsMax: 3), .runs(.hanAndKana, scalarsMax: .max), .deepSeek3,
    ])
}

/// The character classes of the published patterns that are no Unicode category.
extension ScalarSet {
    /// `[\r\n]`
    static let newlines = ScalarSet(classes: .newline)
    /// `[\n]`
    static let lineFeeds = ScalarSet(ranges: [0x0A...0x0A])
    /// `[一-龥぀-ゟ゠-ヿ]`
    static let hanAndKana = ScalarSet(ranges: [0x3040...0x30FF, 0x4E00...0x9FA5])
    /// `[一-龥ࠀ-一가-\u{D7FF}]`
    static let deepSeekEastAsian = ScalarSet(ranges: [0x800...0x9FA5, 0xAC00...0xD7FF])
    /// `[!-/:-~！-／：-～‘-‟　-。]`
    static let deepSeekPunctuation = ScalarSet(ranges: [
        0x21...0x2F, 0x3A...0x7E, 0x2018...0x201F, 0x3000...0x3002, 0xFF01...0xFF0F, 0xFF1A...0xFF5E,
    ])
    /// `[^(\s|[.,!?…。，、।۔،])]`
    static let notBloomPunctuation = ScalarSet(
        classes: .whitespace,
        ranges: [
            0x21...0x21, 0x28...0x29, 0x2C...0x2C, 0x2E...0x2E, 0x3F...0x3F, 0x7C...0x7C, 0x60C...0x60C, 0x6D4...0x6D4,
            0x964...0x964, 0x2026...0x2026, 0x3001...0x3002, 0xFF0C...0xFF0C,
        ], isInverted: true)
    /// Letters that have two cases, in the blocks that the published pattern lists.
    static let deepSeekLetters = ScalarSet(ranges: [
        0x41...0x5A, 0x61...0x7A, 0xB5...0xB5, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x1BA, 0x1BC...0x1BF, 0x1C4...0x293,
        0x295...0x2AF, 0x370...0x373, 0x376...0x377, 0x37B...0x37D, 0x37F...0x37F, 0x386...0x386, 0x388...0x38A,
        0x38C...0x38C, 0x38E...0x3A1, 0x3A3...0x3F5, 0x3F7...0x481, 0x48A...0x52F, 0x531...0x556, 0x10A0...0x10C5,
        0x13A0...0x13F5, 0x13F8...0x13FD, 0x1C90...0x1CBA, 0x1CBD...0x1CBF, 0x1D00...0x1D2B, 0x1D6B...0x1D77,
        0x1D79...0x1D9A, 0x1E00...0x1F15, 0x1F18...0x1F1D, 0x1F20...0x1F45, 0x1F48...0x1F4D, 0x1F50...0x1F57,
        0x1F59...0x1F59, 0x1F5B...0x1F5B, 0x1F5D...0x1F5D, 0x1F5F...0x1F7D, 0x1F80...0x1FB4, 0x1FB6...0x1FBC,
        0x1FBE...0x1FBE, 0x1FC2...0x1FC4, 0x1FC6...0x1FCC, 0x1FD0...0x1FD3, 0x1FD6...0x1FDB, 0x1FE0...0x1FEC,
        0x1FF2...0x1FF4, 0x1FF6...0x1FFC, 0x2102...0x2102, 0x2107...0x2107, 0x210A...0x2113, 0x2115...0x2115,
        0x2119...0x211D, 0x2124...0x2124, 0x2126...0x2126, 0x2128...0x2128, 0x212A...0x212D, 0x212F...0x2134,
        0x2139...0x2139, 0x213C...0x213F, 0x2145...0x2149, 0x214E...0x214E, 0x2183...0x2184, 0x2C00...0x2C7B,
        0x2C7E...0x2CE4, 0x2CEB...0x2CEE, 0x2CF2...0x2CF3, 0xA640...0xA66D, 0xA680...0xA69B, 0xA722...0xA76F,
        0xA771...0xA787, 0xA78B...0xA78E, 0xAB70...0xABBF, 0xFB00...0xFB06, 0xFB13...0xFB17, 0xFF21...0xFF3A,
        0xFF41...0xFF5A, 0x10400...0x1044F, 0x104B0...0x104D3, 0x104D8...0x104FB, 0x10C80...0x10CB2,
        0x10CC0...0x10CF2, 0x118A0...0x118DF, 0x1E900...0x1E943,
    ])
}
