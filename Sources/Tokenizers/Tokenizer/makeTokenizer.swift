/// The tokenizer that a checkpoint's metadata describes. Reads each string once, where it lies; nothing of
/// `source` is kept. Throws `TokenizerError` naming the key that is wrong.
package func makeTokenizer(_ source: VocabularySource<some ByteStrings>) throws -> any Tokenizer {
    switch source.model {
    case "gpt2": try makeByteLevelBPE(source)
    case "llama": try makeSentencePieceBPE(source)
    default:
        throw TokenizerError(
            source.places.model,
            "'\(source.model)' is not served; served are 'gpt2' (byte-level BPE) and 'llama' (SentencePiece BPE)")
    }
}

private func makeByteLevelBPE(_ source: VocabularySource<some ByteStrings>) throws -> any Tokenizer {
    var warnings: [String] = []
    let cut = try preTokenizer(of: source, &warnings)
    guard source.merges != nil || source.mergeParts != nil else {
        throw TokenizerError(source.places.merges, "missing; byte-level BPE can't merge without it")
    }
    let table = try readTokens(source, warnings: &warnings) { spelling, kind, out in
        guard !kind.isSpecial else { return nil }
        return ByteAlphabet.bytes.withUnsafeBufferPointer { ByteAlphabet.decode(spelling, into: out, using: $0) }
    }
    let vocabulary = try makeVocabulary(source, table, addsBOS: cut.addsBOS, warnings) { spelling, isNormalized in
        guard isNormalized, cut.preTokenizer.normalizesToNFC else { return Array(spelling) }
        var composed: [UInt8] = []
        spelling.withUnsafeBufferPointer { withComposed($0) { composed = Array($0) } }
        return composed
    }
    let merges = try readMerges(source, table, vocabulary.special, isByteLevel: true)
    return ByteLevelBPE(
        vocabulary: vocabulary, merges: .pairs(merges), preTokenizer: cut.preTokenizer,
        takesWholeWordsFirst: cut.takesWholeWordsFirst)
}

/// How words are cut: as the file's steps or its `pre` say, else as the vocabulary lets guess.
private func preTokenizer(
    of source: VocabularySource<some ByteStrings>, _ warnings: inout [String]
) throws -> PreTokenizerName {
    if let steps = source.steps, let scanner = steps.scanner {
        return PreTokenizerName(
            names: [], preTokenizer: scanner, takesWholeWordsFirst: steps.takesWholeWordsFirst)
    }
    // Converters write 'default' where they don't know a vocabulary.
    if let pre = source.pre, !pre.isEmpty, pre != "default" { return try PreTokenizerName.find(pre) }
    let problem = "\(source.places.pre): \(source.pre.map { "is '\($0)'" } ?? "missing"), so how words are cut is "
    if let (known, token) = PreTokenizerName.guess(source.tokens) {
        warnings.append(
            problem
                + "guessed: as '\(known.names[0])', by the token '\(token)' and \(source.tokens.count) tokens; write the right name into the file if that is wrong"
        )
        return known
    }
    warnings.append(
        problem
            + "not known, nor is the vocabulary: as GPT-2 does, which can give other tokens than the model learned; write the right name into the file"
    )
    return try PreTokenizerName.find("gpt-2")
}

private func makeSentencePieceBPE(_ source: VocabularySource<some ByteStrings>) throws -> any Tokenizer {
    if let scores = source.scores { try check(scores, source) }
    guard source.scores != nil || source.merges != nil || source.mergeParts != nil else {
        throw TokenizerError(source.places.scores, "missing; SentencePiece BPE merges by score")
    }
    guard source.types != nil else {
        throw TokenizerError(source.places.types, "missing; SentencePiece BPE finds its byte tokens by it")
    }
    var warnings: [String] = []
    let table = try readTokens(source, warnings: &warnings) { _, _, _ in nil }
    let steps = source.steps ?? TokenizerSteps()
    let vocabulary = try makeVocabulary(source, table, addsBOS: true, warnings) { piece, isNormalized in
        let text = String(decoding: piece, as: UTF8.self)
        guard isNormalized, steps.normalizesSpaces else {
            // Text is searched for these tokens before its spaces are marked.
            return Array(text.replacing("\u{2581}", with: " ").utf8)
        }
        let prefix = if case .never = steps.spacePrefix { "" } else { "\u{2581}" }
        return Array((prefix + text.replacing(" ", with: "\u{2581}")).utf8)
    }
    var byteOfToken: [Int32: UInt8] = [:]
    for token in table.kinds.indices where table.kinds[token] == .byte {
        byteOfToken[Int32(token)] = try readByteToken(table.bytes(of: token), "\(source.places.tokens)[\(token)]")
    }
    let merges: SentencePieceBPE.Merges =
        if let scores = source.scores {
            .scores(scores)
        } else {
            .pairs(try readMerges(source, table, vocabulary.special, isByteLevel: false))
        }
    return SentencePieceBPE(
        vocabulary: vocabulary, merges: merges, byteOfToken: byteOfToken,
        spacePrefix: source.steps?.spacePrefix ?? (source.addsSpacePrefix ?? true ? .sentences : .never),
        cutsBeforeEachSpace: source.steps?.cutsBeforeEachSpace ?? false,
        normalizesSpaces: source.steps?.normalizesSpaces ?? false)
}

private func check(_ scores: [Float], _ source: VocabularySource<some ByteStrings>) throws {
    guard scores.count == source.tokens.count else {
        throw TokenizerError(
            source.places.scores, "has \(scores.count) numbers for \(source.tokens.count) tokens; wanted one each")
    }
    if let bad = scores.firstIndex(where: { !$0.isFinite }) {
        throw TokenizerError("\(source.places.scores)[\(bad)]", "is \(scores[bad]); wanted a finite number")
    }
}

/// `<0x0A>` → 10.
private func readByteToken(_ spelling: ArraySlice<UInt8>, _ place: String) throws -> UInt8 {
    let text = String(decoding: spelling, as: UTF8.self)
    let digits = text.dropFirst(3).dropLast()
    guard text.hasPrefix("<0x"), text.hasSuffix(">"), text.utf8.count == 6, digits.allSatisfy(\.isHexDigit),
        let byte = UInt8(digits, radix: 16)
    else {
        throw TokenizerError(
            place, "is a byte token spelled '\(text)'; wanted the form <0x41>")
    }
    return byte
}

private func makeVocabulary(
    _ source: VocabularySource<some ByteStrings>, _ table: TokenTable, addsBOS: Bool, _ earlier: [String],
    spelling: (ArraySlice<UInt8>, _ isNormalized: Bool) -> [UInt8]
) throws -> Vocabulary {
    var warnings = earlier
    let (special, specialOfNormalized) = try specialTokens(source, table, spelling, &warnings)
    func checked(_ id: Int?, _ key: String) -> Int32? {
        guard let id else { return nil }
        guard table.kinds.indices.contains(id) else {
            let tokens = "the tokens are 0 to \(table.count - 1)"
            let warning = "\(source.places.ids)\(key): is \(id), but \(tokens); served as if it were not there"
            if !warnings.contains(warning) { warnings.append(warning) }
            return nil
        }
        return Int32(id)
    }
    let (bos, eos) = (checked(source.bosID, "bos_token_id"), checked(source.eosID, "eos_token_id"))
    var ends = Vocabulary.endOfTurnNames.compactMap(special.token)
    ends += [eos, checked(source.eotID, "eot_token_id"), checked(source.eomID, "eom_token_id")].compactMap { $0 }
    ends += source.endIDs.compactMap { checked($0, "eos_token_id") }
    let unknown = checked(source.unknownID, "unknown_token_id")
    return Vocabulary(
        table: table, special: special, specialOfNormalized: specialOfNormalized, bos: bos, eos: eos, unknown: unknown,
        addsBOS: source.addsBOS ?? addsBOS, addsEOS: source.addsEOS ?? false, endOfTurnTokens: Set(ends),
        warnings: warnings)
}

private func specialTokens(
    _ source: VocabularySource<some ByteStrings>, _ table: TokenTable,
    _ spelling: (ArraySlice<UInt8>, _ isNormalized: Bool) -> [UInt8], _ warnings: inout [String]
) throws -> (SpecialTokenTrie, ofNormalized: SpecialTokenTrie) {
    var (special, ofNormalized) = (SpecialTokenTrie(), SpecialTokenTrie())
    (special.rules, ofNormalized.rules) = (source.matchRules, source.matchRules)
    var specialBytes = 0
    var repeated: [Int] = []
    for token in table.kinds.indices where table.kinds[token].isSpecial {
        let size = table.bytes(of: token).count
        specialBytes += size
        guard size <= VocabularyLimit.specialTokenBytesMax, specialBytes <= VocabularyLimit.allSpecialTokensBytesMax
        else {
            throw TokenizerError(
                "\(source.places.tokens)[\(token)]",
                "is a special token of \(size) bytes, \(specialBytes) with those before it; at most \(VocabularyLimit.specialTokenBytesMax) each and \(VocabularyLimit.allSpecialTokensBytesMax) in all are served"
            )
        }
        // Text can't spell what is no UTF-8, and a match must not end inside a scalar.
        // A template's marks count as it writes them.
        let isNormalized =
            table.kinds[token].isUserDefined && source.matchRules[Int32(token)]?.isNormalized == true
        let words = spelling(table.bytes(of: token), isNormalized)
        guard String(validating: words, as: UTF8.self) != nil else { continue }
        let isNew =
            isNormalized
            ? ofNormalized.insert(words, token: Int32(token), isTrustedOnly: false)
            : special.insert(words, token: Int32(token), isTrustedOnly: table.kinds[token].isTrustedOnly)
        if !isNew { repeated.append(token) }
    }
    if let token = repeated.first {
        let more = repeated.count > 1 ? ", and \(repeated.count - 1) more are so" : ""
        warnings.append(
            "\(source.places.tokens)[\(token)]: '\(table.text(of: token))' is the spelling of a special token before it\(more); text becomes the first of them"
        )
    }
    return (special, ofNormalized)
}
