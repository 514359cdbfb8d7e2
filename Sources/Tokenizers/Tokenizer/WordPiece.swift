/// BERT's tokeniser: text is cleaned, lower-cased and cut into words, and a word into the longest pieces that the
/// vocabulary has (Schuster & Nakajima 2012; Devlin et al. 2018, arXiv:1810.04805). The ids are those of Hugging Face's
/// `tokenizers` for a text that no control token is read in: `[SEP]` in a text is a word between brackets.
/// Immutable: any thread.
package struct WordPiece: Sendable {
    /// How texts are prepared, as `tokenizer_config.json` says it.
    package struct Options: Sendable, Equatable {
        package var lowercases = true
        /// nil: as `lowercases`.
        package var stripsAccents: Bool?
        package var separatesHan = true

        package init() {}
    }

    /// Which end of a text that is too long is kept.
    package enum Keeping: Sendable {
        case start, end
    }

    /// `[CLS]`, the text's tokens, `[SEP]`.
    package struct Encoding: Sendable, Equatable {
        package var tokens: [Int32]
        package var isTruncated: Bool
    }

    package var vocabularySize: Int { table.count }

    let table: TokenTable
    let scalars: BERTScalars
    private let unknown: Int32
    private let first: Int32
    private let last: Int32

    /// - Throws: `TokenizerError` when a token that encoding needs is not there.
    init(table: TokenTable, options: Options, place: String) throws {
        func token(_ name: String) -> Int32? {
            let spelling = Array(name.utf8)
            return table.kinds.indices.first { table.kinds[$0].isControl && table.bytes(of: $0) == spelling[...] }
                .map { Int32($0) }
        }
        func required(_ name: String) throws -> Int32 {
            guard let token = token(name) else { throw TokenizerError(place, "has no token '\(name)'") }
            return token
        }
        self.table = table
        scalars = BERTScalars(options)
        unknown = try required(Self.unknownName)
        first = try required("[CLS]")
        last = try required("[SEP]")
    }

    static let unknownName = "[UNK]"
    static let controlNames = ["[PAD]", unknownName, "[CLS]", "[SEP]", "[MASK]"]
    /// A longer word is one unknown token.
    static let wordScalarsMax = 100

    /// At most `tokensMax` tokens (at least 2), `[CLS]` and `[SEP]` among them. Work ends soon after the last token
    /// that is kept, unless the text's end is wanted.
    package func encode(_ text: String, tokensMax: Int, keeping end: Keeping = .start) -> Encoding {
        let room = max(0, tokensMax - 2)
        var text = text
        var tokens = text.withUTF8 { pieces(of: $0, atMost: end == .start ? room + 1 : .max) }
        let isTruncated = tokens.count > room
        if isTruncated { tokens = Array(end == .start ? tokens.prefix(room) : tokens.suffix(room)) }
        return Encoding(tokens: [first] + tokens + [last], isTruncated: isTruncated)
    }

    /// Stops once there are `count` tokens or a few more.
    private func pieces(of text: UnsafeBufferPointer<UInt8>, atMost count: Int) -> [Int32] {
        var word = WordBuffer()
        var tokens: [Int32] = []
        var index = 0
        while index < text.count, tokens.count < count {
            scalars.read(text, at: &index) { part in
                switch part {
                case .space: flush(&word, to: &tokens)
                case .inWord(let scalar): word.append(scalar)
                case .alone(let scalar):
                    flush(&word, to: &tokens)
                    word.append(scalar)
                    flush(&word, to: &tokens)
                }
            }
        }
        flush(&word, to: &tokens)
        return tokens
    }

    /// Greedy, longest first; a word of which some part is in no piece is unknown as a whole.
    private func flush(_ word: inout WordBuffer, to tokens: inout [Int32]) {
        defer { word.clear() }
        guard word.scalars > 0 else { return }
        let before = tokens.count
        guard word.scalars <= Self.wordScalarsMax, appendPieces(of: &word, to: &tokens) else {
            tokens.removeSubrange(before...)
            tokens.append(unknown)
            return
        }
    }

    private func appendPieces(of word: inout WordBuffer, to tokens: inout [Int32]) -> Bool {
        word.withBytes { bytes in
            var start = WordBuffer.margin
            while start < bytes.count {
                var from = start
                if start > WordBuffer.margin {
                    // The vocabulary spells a piece inside a word with ## in front; what stood there has been matched.
                    from -= WordBuffer.margin
                    bytes[from] = UInt8(ascii: "#")
                    bytes[from + 1] = UInt8(ascii: "#")
                }
                guard let (token, end) = longestPiece(in: UnsafeBufferPointer(bytes), from: from, after: start) else {
                    return false
                }
                tokens.append(token)
                start = end
            }
            return true
        }
    }

    /// The longest token that starts at `from` and ends after `start`.
    private func longestPiece(
        in bytes: UnsafeBufferPointer<UInt8>, from: Int, after start: Int
    ) -> (token: Int32, end: Int)? {
        let limit = min(bytes.count, from + table.longestTextToken)
        guard start < limit else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: limit - start) { hashes in
            var hash = ByteHash.extended(ByteHash.start, by: UnsafeBufferPointer(rebasing: bytes[from..<start]))
            for index in start..<limit {
                hash = ByteHash.extended(hash, by: UnsafeBufferPointer(rebasing: bytes[index..<index + 1]))
                hashes[index - start] = hash
            }
            for end in stride(from: limit, to: start, by: -1) {
                let spelling = UnsafeBufferPointer(rebasing: bytes[from..<end])
                if let token = table.token(spelling, hash: hashes[end - 1 - start]) { return (token, end) }
            }
            return nil
        }
    }
}

/// The word in the making, with room for `##` in front.
private struct WordBuffer {
    static let margin = 2

    private var bytes: [UInt8] = [0, 0]
    private(set) var scalars = 0

    mutating func append(_ scalar: Unicode.Scalar) {
        scalars += 1
        // A longer one is unknown whatever it holds.
        guard scalars <= WordPiece.wordScalarsMax else { return }
        if scalar.isASCII {
            bytes.append(UInt8(scalar.value))
        } else {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    mutating func clear() {
        bytes.removeSubrange(Self.margin...)
        scalars = 0
    }

    mutating func withBytes<Result>(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Result) -> Result {
        bytes.withUnsafeMutableBufferPointer { body($0) }
    }
}
