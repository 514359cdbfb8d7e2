/// Byte-level BPE: every byte is a symbol, so any text can be written and nothing is unknown (Radford et al. 2019).
/// GGUF calls it `gpt2`; Llama 3, Qwen and SmolLM2 use it, each with its own way to cut words.
struct ByteLevelBPE: VocabularyTokenizer {
    /// Where the order of merges comes from.
    enum Merges: Sendable {
        /// A list of pairs, best first.
        case pairs(PairTable)
        /// The ids themselves: two neighbours merge if together they are a token, lowest id first (tiktoken).
        case tokenOrder
    }

    let vocabulary: Vocabulary
    let merges: Merges
    let preTokenizer: PreTokenizer
    /// A word that is in the vocabulary is taken whole, without merging up to it.
    let takesWholeWordsFirst: Bool

    var addsSpacePrefix: Bool { false }

    func encode(segments: [(text: String, special: Bool)]) -> [Int32] {
        let text = SegmentedText(segments)
        var tokens: [Int32] = []
        tokens.reserveCapacity(text.bytes.count / 3 + 8)
        var merger = SymbolMerger()
        text.split(by: vocabulary.special) { stretch in
            if preTokenizer.normalizesToNFC {
                withComposed(stretch) { encodeNormalized($0, &merger, &tokens) }
            } else {
                encodeNormalized(stretch, &merger, &tokens)
            }
        } special: {
            tokens.append($0)
        }
        return tokens
    }

    // What these change is handed on and not captured: a captured variable is checked at each access.

    private func encodeNormalized(
        _ stretch: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]
    ) {
        guard !vocabulary.specialOfNormalized.isEmpty else { return encodeWords(stretch, &merger, &tokens) }
        vocabulary.specialOfNormalized.split(stretch) {
            encodeWords($0, &merger, &tokens)
        } special: {
            tokens.append($0)
        }
    }

    private func encodeWords(
        _ stretch: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]
    ) {
        preTokenizer.forEachWord(in: stretch) { word in
            encode(UnsafeBufferPointer(rebasing: stretch[word]), &merger, &tokens)
        }
    }

    private func encode(_ word: UnsafeBufferPointer<UInt8>, _ merger: inout SymbolMerger, _ tokens: inout [Int32]) {
        if takesWholeWordsFirst, let token = vocabulary.table.token(word) { return tokens.append(token) }
        merger.begin()
        // Some vocabularies lack bytes that never came up in training. Like the tokenisers they come from, we leave
        // such bytes out.
        for (index, byte) in word.enumerated() {
            let token = vocabulary.table.byteTokens[Int(byte)]
            if token >= 0 { merger.append(token, start: index) }
        }
        switch merges {
        case .pairs(let pairs): merger.merge(PairRule(pairs: pairs), in: word, end: word.count)
        case .tokenOrder: merger.merge(TokenOrderRule(table: vocabulary.table), in: word, end: word.count)
        }
        tokens.append(contentsOf: merger.ids)
    }

    func appendBytes(of token: Int32, showingControl: Bool, to bytes: inout [UInt8]) {
        guard let kind = vocabulary.table.kind(of: token), showingControl || !kind.isControl else { return }
        bytes.append(contentsOf: vocabulary.table.bytes(of: Int(token)))
    }
}

/// Merges by a list of pairs.
struct PairRule: MergeRule {
    let pairs: PairTable

    @inline(__always)
    func merge(_ left: Int32, _ right: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> (priority: UInt32, merged: Int32)?
    {
        pairs.merge(left, right).map { ($0.rank, $0.merged) }
    }
}

private struct TokenOrderRule: MergeRule {
    let table: TokenTable

    func merge(_ left: Int32, _ right: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> (priority: UInt32, merged: Int32)?
    {
        table.token(bytes).map { (UInt32(bitPattern: $0), $0) }
    }
}
