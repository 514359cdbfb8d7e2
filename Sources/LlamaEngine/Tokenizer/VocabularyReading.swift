/// Limits on what a file may claim, so that a bad one is refused before it costs memory.
enum VocabularyLimit {
    static let tokensMax = 1 << 22
    static let mergesMax = HashSlots.entriesMax
    /// Bytes of one token; real vocabularies stay below 300.
    static let tokenBytesMax = 16_384
    /// Bytes of one control or user-defined token, and of all of them: text is searched for these at every place.
    static let specialTokenBytesMax = 1024
    static let allSpecialTokensBytesMax = 1 << 24
    /// All tokens' bytes together.
    static let allTokensBytesMax = 1 << 28
}

/// Reads all tokens into one table. `decode` writes the bytes that a spelling stands for, with room for as many
/// as the spelling has, and answers how many; nil means the spelling as it is.
func readTokens(
    _ source: VocabularySource<some ByteStrings>,
    decode: (UnsafeBufferPointer<UInt8>, TokenKind, UnsafeMutablePointer<UInt8>) -> Int?
) throws -> TokenTable {
    let place = "tokenizer.ggml.tokens"
    let count = source.tokens.count
    guard count > 0, count <= VocabularyLimit.tokensMax else {
        throw TokenizerError(place, "has \(count) tokens; wanted 1 to \(VocabularyLimit.tokensMax)")
    }
    let kinds = try readKinds(source, count: count)
    var total = 0
    for token in 0..<count {
        let size = source.tokens.withBytes(token) { $0.count }
        guard size <= VocabularyLimit.tokenBytesMax else {
            throw TokenizerError(
                "\(place)[\(token)]", "has \(size) bytes; at most \(VocabularyLimit.tokenBytesMax) are served")
        }
        total += size
    }
    guard total <= VocabularyLimit.allTokensBytesMax else {
        throw TokenizerError(
            place, "has \(total) bytes in all; at most \(VocabularyLimit.allTokensBytesMax) are served")
    }
    let offsets = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: count + 1)
    defer { offsets.deallocate() }
    let bytes = [UInt8](unsafeUninitializedCapacity: total) { buffer, end in
        for token in 0..<count {
            offsets[token] = UInt32(end)
            source.tokens.withBytes(token) { spelling in
                guard !spelling.isEmpty, let room = buffer.baseAddress.map({ $0 + end }) else { return }
                if let decoded = decode(spelling, kinds[token], room) {
                    end += decoded
                } else {
                    _ = UnsafeMutableBufferPointer(start: room, count: spelling.count).initialize(from: spelling)
                    end += spelling.count
                }
            }
        }
        offsets[count] = UInt32(end)
    }
    return try TokenTable(bytes: bytes, offsets: Array(offsets), kinds: kinds, place: place)
}

/// Without types, the tokens that the metadata names as markers are control tokens and the rest normal.
private func readKinds(_ source: VocabularySource<some ByteStrings>, count: Int) throws -> [TokenKind] {
    guard let types = source.types else {
        var kinds = [TokenKind](repeating: .normal, count: count)
        for marker in [source.bosID, source.eosID, source.eotID, source.eomID, source.unknownID] {
            if let marker, kinds.indices.contains(marker) { kinds[marker] = .control }
        }
        return kinds
    }
    let place = "tokenizer.ggml.token_type"
    guard types.count == count else {
        throw TokenizerError(place, "has \(types.count) numbers for \(count) tokens; wanted one each")
    }
    return try types.enumerated().map { token, type in
        if type == 0 { return .normal }  // "undefined"
        guard let kind = UInt8(exactly: type).flatMap(TokenKind.init) else {
            throw TokenizerError("\(place)[\(token)]", "is \(type); wanted 0 to 6")
        }
        return kind
    }
}

/// Reads `left right` lines, best first. Most vocabularies number their merged tokens in merge order, and some list
/// every pair that makes the same token, so the last result and the one after it are tried before the hash.
func readMerges(_ merges: some ByteStrings, _ table: TokenTable, _ special: SpecialTokenTrie) throws -> PairTable {
    let place = "tokenizer.ggml.merges"
    guard merges.count <= VocabularyLimit.mergesMax else {
        throw TokenizerError(place, "has \(merges.count) merges; at most \(VocabularyLimit.mergesMax) are served")
    }
    var pairs = PairTable(capacity: merges.count)
    let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * VocabularyLimit.tokenBytesMax)
    defer { scratch.deallocate() }
    var last = 0
    try ByteAlphabet.bytes.withUnsafeBufferPointer { alphabet in
        for rank in 0..<merges.count {
            try merges.withBytes(rank) { line in
                // The gap is the first space after the first byte, since a literal space may be the left token.
                guard line.count <= 2 * VocabularyLimit.tokenBytesMax, line.count > 2,
                    let gap = line[1...].firstIndex(of: UInt8(ascii: " ")), gap + 1 < line.count
                else {
                    throw TokenizerError(
                        "\(place)[\(rank)]", "is '\(excerpt(line))'; wanted two tokens with a space between")
                }
                func decode(_ part: Range<Int>, _ room: UnsafeMutablePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
                    let spelling = UnsafeBufferPointer(rebasing: line[part])
                    if let count = ByteAlphabet.decode(spelling, into: room, using: alphabet) {
                        return UnsafeBufferPointer(start: room, count: count)
                    }
                    _ = UnsafeMutableBufferPointer(start: room, count: spelling.count).initialize(from: spelling)
                    return UnsafeBufferPointer(start: room, count: spelling.count)
                }
                func find(_ spelling: UnsafeBufferPointer<UInt8>, _ hash: UInt64) throws -> Int32? {
                    if let token = table.token(spelling, hash: hash) { return token }
                    // A merge that makes or takes a control token is dropped: text must never become one.
                    let text = String(decoding: spelling, as: UTF8.self)
                    if special.token(text) != nil { return nil }
                    throw TokenizerError(
                        "\(place)[\(rank)]",
                        "'\(excerpt(line))' needs the token '\(text)', which is not in tokenizer.ggml.tokens")
                }
                let left = decode(0..<gap, scratch)
                let right = decode(gap + 1..<line.count, scratch + left.count)
                let whole = UnsafeBufferPointer(start: UnsafePointer(scratch), count: left.count + right.count)
                let leftHash = ByteHash.of(left)
                guard let leftToken = try find(left, leftHash), let rightToken = try find(right, ByteHash.of(right))
                else { return }
                let merged: Int32
                if table.isNormalToken(last, whole) {
                    merged = Int32(last)
                } else if table.isNormalToken(last + 1, whole) {
                    merged = Int32(last + 1)
                } else if let found = try find(whole, ByteHash.extended(leftHash, by: right)) {
                    merged = found
                } else {
                    return
                }
                last = Int(merged)
                pairs.append(left: leftToken, right: rightToken, merged: merged)
            }
        }
    }
    return pairs
}

/// The start of a string from a file, for an error.
private func excerpt(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes.prefix(80), as: UTF8.self)
}
