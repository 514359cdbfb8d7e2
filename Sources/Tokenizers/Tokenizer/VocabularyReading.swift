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
    warnings: inout [String],
    decode: (UnsafeBufferPointer<UInt8>, TokenKind, UnsafeMutablePointer<UInt8>) -> Int?
) throws -> TokenTable {
    let place = source.places.tokens
    let count = source.tokens.count
    guard count > 0, count <= VocabularyLimit.tokensMax else {
        throw TokenizerError(place, "has \(count) tokens; wanted 1 to \(VocabularyLimit.tokensMax)")
    }
    var kinds = try readKinds(source, count: count)
    classifyMarks(source, &kinds, &warnings)
    for token in source.added where kinds.indices.contains(token) && kinds[token] == .userDefined {
        kinds[token] = .added
    }
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
    let table = TokenTable(bytes: bytes, offsets: Array(offsets), kinds: kinds)
    if let (first, second) = table.duplicates.first {
        let more = table.duplicates.count > 1 ? " and \(table.duplicates.count - 1) more pairs of tokens are alike" : ""
        warnings.append(
            "\(place): tokens \(first) and \(second) are both '\(table.text(of: first))'\(more); text becomes the first of them"
        )
    }
    return table
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
    let place = source.places.types
    guard types.count == count else {
        throw TokenizerError(place, "has \(types.count) numbers for \(count) tokens; wanted one each")
    }
    return try types.enumerated().map { token, type in
        if type == 0 { return .normal }  // "undefined"
        guard type <= TokenKind.byte.rawValue, let kind = UInt8(exactly: type).flatMap(TokenKind.init) else {
            throw TokenizerError("\(place)[\(token)]", "is \(type); wanted 0 to 6")
        }
        return kind
    }
}

/// Reads merges, best first. Most vocabularies number their merged tokens in merge order, and some list every pair that
/// makes the same token, so the last result and the one after it are tried before the hash. `isByteLevel`: the parts
/// are spelled in the byte alphabet.
func readMerges(
    _ source: VocabularySource<some ByteStrings>, _ table: TokenTable, _ special: SpecialTokenTrie, isByteLevel: Bool
) throws -> PairTable {
    let places = source.places
    let lines = source.merges
    let count = source.mergeParts.map { min($0.lefts.count, $0.rights.count) } ?? lines?.count ?? 0
    guard count <= VocabularyLimit.mergesMax else {
        throw TokenizerError(
            places.merges, "has \(count) merges; at most \(VocabularyLimit.mergesMax) are served")
    }
    return try ByteAlphabet.bytes.withUnsafeBufferPointer { alphabet in
        var reader = MergeReader(
            table: table, special: special, alphabet: isByteLevel ? alphabet : nil, places: places, count: count)
        defer { reader.scratch.deallocate() }
        for rank in 0..<count {
            if let parts = source.mergeParts {
                try parts.lefts.withBytes(rank) { left in
                    try parts.rights.withBytes(rank) { right in try reader.add(rank, left, right) }
                }
                continue
            }
            try lines?.withBytes(rank) { line in
                // The gap is the first space after the first byte, since a literal space may be the left token.
                guard line.count > 2, let gap = line[1...].firstIndex(of: UInt8(ascii: " ")), gap + 1 < line.count
                else { throw reader.notTwoTokens(rank, line) }
                try reader.add(
                    rank, UnsafeBufferPointer(rebasing: line[..<gap]), UnsafeBufferPointer(rebasing: line[(gap + 1)...])
                )
            }
        }
        return reader.pairs
    }
}

private struct MergeReader {
    let table: TokenTable
    let special: SpecialTokenTrie
    /// nil: parts are spelled as they are.
    let alphabet: UnsafeBufferPointer<Int16>?
    let places: VocabularyPlaces
    private(set) var pairs: PairTable
    let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * VocabularyLimit.tokenBytesMax)
    private var last = 0

    init(
        table: TokenTable, special: SpecialTokenTrie, alphabet: UnsafeBufferPointer<Int16>?, places: VocabularyPlaces,
        count: Int
    ) {
        (self.table, self.special, self.alphabet, self.places) = (table, special, alphabet, places)
        pairs = PairTable(capacity: count)
    }

    mutating func add(_ rank: Int, _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>) throws {
        guard !first.isEmpty, !second.isEmpty, first.count <= VocabularyLimit.tokenBytesMax,
            second.count <= VocabularyLimit.tokenBytesMax
        else { throw notTwoTokens(rank, first) }
        func find(_ spelling: UnsafeBufferPointer<UInt8>, _ hash: UInt64) throws -> Int32? {
            if let token = table.token(spelling, hash: hash) { return token }
            // A merge that makes or takes a control token is dropped: text must never become one.
            let text = String(decoding: spelling, as: UTF8.self)
            if special.token(text) != nil { return nil }
            throw TokenizerError(
                "\(places.merges)[\(rank)]",
                "'\(excerpt(first)) \(excerpt(second))' needs the token '\(text)', which is not in \(places.tokens)")
        }
        let left = decode(first, scratch)
        let right = decode(second, scratch + left.count)
        let whole = UnsafeBufferPointer(start: UnsafePointer(scratch), count: left.count + right.count)
        let leftHash = ByteHash.of(left)
        guard let leftToken = try find(left, leftHash),
            let rightToken = try find(right, ByteHash.of(right))
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

    func notTwoTokens(_ rank: Int, _ line: UnsafeBufferPointer<UInt8>) -> TokenizerError {
        TokenizerError("\(places.merges)[\(rank)]", "is '\(excerpt(line))'; wanted two tokens with a space between")
    }

    private func decode(
        _ spelling: UnsafeBufferPointer<UInt8>, _ room: UnsafeMutablePointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8> {
        if let alphabet, let count = ByteAlphabet.decode(spelling, into: room, using: alphabet) {
            return UnsafeBufferPointer(start: room, count: count)
        }
        _ = UnsafeMutableBufferPointer(start: room, count: spelling.count).initialize(from: spelling)
        return UnsafeBufferPointer(start: room, count: spelling.count)
    }
}

/// The start of a string from a file, for an error.
private func excerpt(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes.prefix(80), as: UTF8.self)
}
