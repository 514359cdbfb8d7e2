/// SentencePiece's BPE (Kudo and Richardson 2018, arXiv:1808.06226), which GGUF calls `llama`: a space is written
/// U+2581, the pair that makes the piece with the highest score merges first (or the pair that stands first in a list),
/// and a character that is no piece falls back to the tokens of its bytes. SentencePiece's other model, unigram, is not
/// served: none of the architectures here uses it.
struct SentencePieceBPE: VocabularyTokenizer {
    enum Merges {
        /// One per token, all finite: the highest merges first.
        case scores([Float])
        /// Best first.
        case pairs(PairTable)
    }

    /// Where a space goes before the text.
    enum SpacePrefix: Sendable {
        case never
        /// At the start and after every control token, as SentencePiece's callers do.
        case sentences
        /// Before all text between special tokens; `unlessSpaced`: not before text that begins with a space.
        case stretches(unlessSpaced: Bool)
        /// At the very start alone, unless the text begins with a space.
        case start
    }

    let vocabulary: Vocabulary
    private let spacePrefix: SpacePrefix
    /// Per token, lower merges first; or the merges themselves.
    private let rule: Rule
    /// The token of each byte, or -1.
    private let byteTokens: [Int32]
    /// For each byte token, the byte.
    private let byteOfToken: [Int32: UInt8]
    /// Whether no piece has a space after another character, so that words can be merged one by one.
    private let cutsAtSpaces: Bool

    /// Whether every space begins a word, also one that follows another.
    private let cutsBeforeEachSpace: Bool
    /// Whether tokens of normalised text are looked for where spaces are marked already.
    private let normalizesSpaces: Bool

    private enum Rule {
        case priorities([UInt32])
        case pairs(PairTable)
    }

    /// `byteOfToken`: the byte tokens.
    init(
        vocabulary: Vocabulary, merges: Merges, byteOfToken: [Int32: UInt8], spacePrefix: SpacePrefix,
        cutsBeforeEachSpace: Bool, normalizesSpaces: Bool = false
    ) {
        self.vocabulary = vocabulary
        self.spacePrefix = spacePrefix
        self.byteOfToken = byteOfToken
        self.cutsBeforeEachSpace = cutsBeforeEachSpace
        self.normalizesSpaces = normalizesSpaces
        rule =
            switch merges {
            case .scores(let scores): .priorities(scores.map(Self.priority))
            case .pairs(let pairs): .pairs(pairs)
            }
        var byteTokens = [Int32](repeating: -1, count: 256)
        for (token, byte) in byteOfToken { byteTokens[Int(byte)] = token }
        self.byteTokens = byteTokens
        let table = vocabulary.table
        cutsAtSpaces = !table.kinds.indices.contains {
            table.kinds[$0].isText && Self.hasInnerSpace(table.bytes(of: $0))
        }
    }

    /// Maps scores to numbers whose ascending order is the scores' descending order.
    private static func priority(_ score: Float) -> UInt32 {
        let bits = score == 0 ? 0 : score.bitPattern
        return bits & 0x8000_0000 != 0 ? bits : 0x7FFF_FFFF - bits
    }

    /// A space after something else.
    private static func hasInnerSpace(_ piece: ArraySlice<UInt8>) -> Bool {
        var leading = true
        var index = piece.startIndex
        while index < piece.endIndex {
            if piece[index...].starts(with: spaceMark) {
                if !leading { return true }
                index += spaceMark.count
            } else {
                leading = false
                index += 1
            }
        }
        return false
    }

    /// U+2581, which stands for a space inside pieces.
    private static let spaceMark: [UInt8] = [0xE2, 0x96, 0x81]

    func encode(segments: [(text: String, special: Bool)]) -> [Int32] {
        let text = SegmentedText(segments)
        var tokens: [Int32] = []
        var merger = SymbolMerger()
        var marked: [UInt8] = []
        // Whether the next text may get a space in front.
        var mayPrefix = true
        func encodeMarked(_ stretch: UnsafeBufferPointer<UInt8>) {
            marked.removeAll(keepingCapacity: true)
            if mayPrefix, prefixes(stretch) { marked += Self.spaceMark }
            if case .stretches = spacePrefix {} else { mayPrefix = false }
            for byte in stretch {
                if byte == UInt8(ascii: " ") { marked += Self.spaceMark } else { marked.append(byte) }
            }
            marked.withUnsafeBufferPointer { text in
                guard normalizesSpaces, !vocabulary.specialOfNormalized.isEmpty else {
                    return encode(text, &merger, &tokens)
                }
                vocabulary.specialOfNormalized.split(text) {
                    encode($0, &merger, &tokens)
                } special: {
                    tokens.append($0)
                }
            }
        }
        func appendSpecial(_ token: Int32) {
            switch spacePrefix {
            case .never, .stretches: break
            case .start: mayPrefix = false
            case .sentences:
                if isControl(token) {
                    mayPrefix = true
                } else if mayPrefix {
                    encodeMarked(UnsafeBufferPointer(start: nil, count: 0))
                }
            }
            tokens.append(token)
        }
        text.split(by: vocabulary.special) { stretch in
            if normalizesSpaces || vocabulary.specialOfNormalized.isEmpty {
                encodeMarked(stretch)
            } else {
                vocabulary.specialOfNormalized.split(stretch, stretch: encodeMarked, special: appendSpecial)
            }
        } special: {
            appendSpecial($0)
        }
        return tokens
    }

    var addsSpacePrefix: Bool { if case .never = spacePrefix { false } else { true } }

    private func prefixes(_ stretch: UnsafeBufferPointer<UInt8>) -> Bool {
        let isSpaced = stretch.first == UInt8(ascii: " ") || isSpaceMark(stretch, 0)
        return switch spacePrefix {
        case .never: false
        case .sentences: true
        case .stretches(let unlessSpaced): !(unlessSpaced && isSpaced)
        case .start: !isSpaced
        }
    }

    private func encode(_ text: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]) {
        var start = 0
        while start < text.count {
            let end = cutsAtSpaces || cutsBeforeEachSpace ? wordEnd(in: text, from: start) : text.count
            encodeWord(UnsafeBufferPointer(rebasing: text[start..<end]), &merger, &tokens)
            start = end
        }
    }

    /// The end of the run of spaces at `start` and of the characters after them.
    private func wordEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while isSpaceMark(text, index) {
            index += 3
            if cutsBeforeEachSpace { break }
        }
        while index < text.count, !isSpaceMark(text, index) { index += 1 }
        return index
    }

    private func isSpaceMark(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        index + 2 < text.count && text[index] == 0xE2 && text[index + 1] == 0x96 && text[index + 2] == 0x81
    }

    private func encodeWord(_ word: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]) {
        merger.begin()
        var index = 0
        while index < word.count {
            let lead = word[index]
            let length = min(lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, word.count - index)
            let character = UnsafeBufferPointer(rebasing: word[index..<index + length])
            merger.append(vocabulary.table.token(character) ?? -1, start: index)
            index += length
        }
        switch rule {
        case .priorities(let priorities):
            merger.merge(ScoreRule(table: vocabulary.table, priorities: priorities), in: word, end: word.count)
        case .pairs(let pairs): merger.merge(PairRule(pairs: pairs), in: word, end: word.count)
        }
        for (index, token) in merger.ids.enumerated() {
            if token >= 0 {
                tokens.append(token)
            } else {
                appendFallback(word[merger.range(of: index)], &tokens)
            }
        }
    }

    /// A character that is no piece: its bytes, or where the vocabulary has no byte tokens, one unknown token for
    /// any number of such characters in a row.
    private func appendFallback(_ character: Slice<UnsafeBufferPointer<UInt8>>, _ tokens: inout [Int32]) {
        for byte in character {
            if byteTokens[Int(byte)] >= 0 {
                tokens.append(byteTokens[Int(byte)])
            } else if let unknown = vocabulary.unknown, tokens.last != unknown {
                tokens.append(unknown)
            }
        }
    }

    func appendBytes(of token: Int32, showingControl: Bool, to bytes: inout [UInt8]) {
        guard let kind = vocabulary.table.kind(of: token), showingControl || !kind.isControl else { return }
        if let byte = byteOfToken[token] { return bytes.append(byte) }
        let piece = vocabulary.table.bytes(of: Int(token))
        var index = piece.startIndex
        while index < piece.endIndex {
            if piece[index] == 0xE2, piece[index...].starts(with: Self.spaceMark) {
                bytes.append(UInt8(ascii: " "))
                index += 3
            } else {
                bytes.append(piece[index])
                index += 1
            }
        }
    }
}

private struct ScoreRule: MergeRule {
    let table: TokenTable
    let priorities: [UInt32]

    func merge(_ left: Int32, _ right: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> (priority: UInt32, merged: Int32)?
    {
        table.token(bytes).map { (priorities[Int($0)], $0) }
    }
}
