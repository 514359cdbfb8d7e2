/// SentencePiece's BPE (Kudo and Richardson 2018, arXiv:1808.06226) as GGUF stores it under the name `llama`: a
/// space is written U+2581, the pair that makes the piece with the highest score merges first, and a character
/// that is no piece falls back to the tokens of its bytes. SentencePiece's other model, unigram, is not served:
/// none of the architectures here uses it.
struct SentencePieceBPE: VocabularyTokenizer {
    let vocabulary: Vocabulary
    let addsSpacePrefix: Bool
    /// Per token, lower merges first.
    private let priorities: [UInt32]
    /// The token of each byte, or -1.
    private let byteTokens: [Int32]
    /// For each byte token, the byte.
    private let byteOfToken: [Int32: UInt8]
    /// Whether no piece has a space after another character, so that words can be merged one by one.
    private let cutsAtSpaces: Bool

    /// `scores`: one per token, all finite. `byteOfToken`: the byte tokens.
    init(vocabulary: Vocabulary, scores: [Float], byteOfToken: [Int32: UInt8], addsSpacePrefix: Bool) {
        self.vocabulary = vocabulary
        self.addsSpacePrefix = addsSpacePrefix
        self.byteOfToken = byteOfToken
        priorities = scores.map(Self.priority)
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
        // A sentence begins at the start of the prompt and after every control token.
        var startsSentence = addsSpacePrefix
        func encodeMarked(_ stretch: UnsafeBufferPointer<UInt8>) {
            marked.removeAll(keepingCapacity: true)
            if startsSentence { marked += Self.spaceMark }
            startsSentence = false
            for byte in stretch {
                if byte == UInt8(ascii: " ") { marked += Self.spaceMark } else { marked.append(byte) }
            }
            marked.withUnsafeBufferPointer { encode($0, &merger, &tokens) }
        }
        text.split(by: vocabulary.special) { stretch in
            encodeMarked(stretch)
        } special: { token in
            if isControl(token) {
                startsSentence = addsSpacePrefix
            } else if startsSentence {
                encodeMarked(UnsafeBufferPointer(start: nil, count: 0))
            }
            tokens.append(token)
        }
        return tokens
    }

    private func encode(_ text: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]) {
        var start = 0
        while start < text.count {
            let end = cutsAtSpaces ? wordEnd(in: text, from: start) : text.count
            encodeWord(UnsafeBufferPointer(rebasing: text[start..<end]), &merger, &tokens)
            start = end
        }
    }

    /// The end of the run of spaces at `start` and of the characters after them.
    private func wordEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while isSpaceMark(text, index) { index += 3 }
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
        merger.merge(ScoreRule(table: vocabulary.table, priorities: priorities), in: word, end: word.count)
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
