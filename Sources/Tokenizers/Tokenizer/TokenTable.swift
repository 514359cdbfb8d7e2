/// The purpose of a token; the numbers are those of `tokenizer.ggml.token_type`, which ends with `byte`.
enum TokenKind: UInt8, Sendable {
    case normal = 1, unknown, control, userDefined, unused, byte
    /// A mark of the chat template that stands for its own spelling, such as `<tool_call>`: shown where the model
    /// writes it, and read only where the template does.
    case mark
    /// A user-defined token that was added to a learned vocabulary: text becomes it where it is found, and is never
    /// merged into it.
    case added

    /// Control tokens steer the model; text must never turn into one.
    var isControl: Bool { self == .control || self == .unknown }
    /// Read only in text that a template wrote.
    var isTrustedOnly: Bool { isControl || self == .mark }
    /// Found in text before it is merged.
    var isSpecial: Bool { isTrustedOnly || isUserDefined }
    /// Stands for text of its own.
    var isUserDefined: Bool { self == .userDefined || self == .added }
    /// Tokens that ordinary text can be merged into.
    var isText: Bool { self == .normal || self == .userDefined || self == .unused }
}

/// Every token's bytes, back to back, and an open-addressing hash from bytes to the tokens that text can become.
/// A few flat arrays instead of a dictionary of strings: 150,000 tokens take milliseconds and no allocation each.
struct TokenTable: Sendable {
    private(set) var kinds: [TokenKind]
    /// Token t's bytes are `bytes[offsets[t]..<offsets[t + 1]]`.
    private let bytes: [UInt8]
    private let offsets: [UInt32]
    private var slots: HashSlots
    /// The text token of each single byte, or -1: asked for so often that it skips the hash.
    private(set) var byteTokens = [Int32](repeating: -1, count: 256)
    private(set) var longestTextToken = 0
    /// Text tokens that are spelled like one before them, and so are never found.
    private(set) var duplicates: [(first: Int, second: Int)] = []

    var count: Int { kinds.count }

    /// `bytes` are all tokens' bytes in order, cut by `offsets` (one more than there are tokens).
    /// When two text tokens have the same bytes, only the first can be found; but a user-defined token gives way to a
    /// normal one, as some vocabularies spell a run of spaces both ways.
    init(bytes: [UInt8], offsets: [UInt32], kinds: [TokenKind]) {
        self.bytes = bytes
        self.offsets = offsets
        self.kinds = kinds
        slots = HashSlots(capacity: kinds.count)
        bytes.withUnsafeBufferPointer { bytes in
            for token in kinds.indices where kinds[token].isText {
                let range = Int(offsets[token])..<Int(offsets[token + 1])
                if range.isEmpty { continue }
                longestTextToken = max(longestTextToken, range.count)
                insert(token, UnsafeBufferPointer(rebasing: bytes[range]))
            }
        }
    }

    private mutating func insert(_ token: Int, _ spelling: UnsafeBufferPointer<UInt8>) {
        let hash = ByteHash.of(spelling)
        let (found, slot) = slots.find(hash) { isToken($0, spelling) }
        if let found {
            if kinds[token] == .userDefined { return }
            guard kinds[found] == .userDefined else {
                duplicates.append((found, token))
                return
            }
        }
        slots.set(slot, token, hash)
        if spelling.count == 1 { byteTokens[Int(spelling[0])] = Int32(token) }
    }

    /// - Throws: `TokenizerError` when two text tokens are spelled alike.
    func requireDistinct(_ place: String) throws {
        guard let (first, second) = duplicates.first else { return }
        throw TokenizerError(
            place,
            "tokens \(first) and \(second) are both '\(text(of: first))'; each token must be spelled once")
    }

    /// The text token with exactly these bytes.
    func token(_ spelling: UnsafeBufferPointer<UInt8>) -> Int32? {
        spelling.count <= longestTextToken ? token(spelling, hash: ByteHash.of(spelling)) : nil
    }

    /// The same, for callers that have the hash already.
    func token(_ spelling: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int32? {
        if spelling.count == 1 { return byteTokens[Int(spelling[0])] < 0 ? nil : byteTokens[Int(spelling[0])] }
        return slots.find(hash) { isToken($0, spelling) }.found.map { Int32(truncatingIfNeeded: $0) }
    }

    /// Whether token number `token` has exactly these bytes.
    func isToken(_ token: Int, _ spelling: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = Int(offsets[token])
        guard Int(offsets[token + 1]) - start == spelling.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for index in spelling.indices where bytes[start + index] != spelling[index] { return false }
            return true
        }
    }

    /// The same for any number, and false for tokens that are not normal.
    func isNormalToken(_ token: Int, _ spelling: UnsafeBufferPointer<UInt8>) -> Bool {
        token < kinds.count && kinds[token] == .normal && isToken(token, spelling)
    }

    /// The bytes of a token that is known to be in range.
    func bytes(of token: Int) -> ArraySlice<UInt8> {
        bytes[Int(offsets[token])..<Int(offsets[token + 1])]
    }

    /// The same as text, for messages.
    func text(of token: Int) -> String { String(decoding: bytes(of: token), as: UTF8.self) }

    /// Nil for ids outside the vocabulary.
    func kind(of token: Int32) -> TokenKind? {
        kinds.indices.contains(Int(token)) ? kinds[Int(token)] : nil
    }
}

/// FNV-1a, 64 bits: it streams, so the hash of `left + right` goes on from the hash of `left`.
enum ByteHash {
    static let start: UInt64 = 0xCBF2_9CE4_8422_2325

    static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 { extended(start, by: bytes) }

    static func extended(_ hash: UInt64, by bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = hash
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
