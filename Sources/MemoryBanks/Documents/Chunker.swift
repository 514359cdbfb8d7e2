import Foundation

/// A piece of a document's text.
package struct Chunk: Sendable, Equatable {
    /// Where it stands in the text's UTF-8.
    package var bytes: Range<Int>
    package var tokens: Int
    /// A part of the document's text and no copy of it, which it keeps in memory.
    package var text: Substring
}

/// Cuts a text into overlapping chunks of a number of tokens, at word boundaries.
///
/// Tokens are estimated, so that chunks do not depend on a model: a word is one token for each begun six bytes of it, a
/// sign is one, an ideograph is one. That is close to what byte-pair and WordPiece vocabularies make of English.
package struct Chunker: Sendable {
    package let tokens: Int
    package let overlap: Int

    fileprivate static let tokenBytes = 6
    /// A longer word is cut.
    fileprivate static let wordBytesMax = 60

    package init(tokens: Int, overlap: Int) { (self.tokens, self.overlap) = (tokens, overlap) }

    /// None for a text without words. Linear in the text; beside the chunks it takes memory for the words of one.
    package func chunks(_ text: String) -> [Chunk] {
        var text = text
        let ranges = text.withUTF8(ranges)
        return ranges.map { bytes, tokens in
            let start = text.utf8.index(text.startIndex, offsetBy: bytes.lowerBound)
            let end = text.utf8.index(start, offsetBy: bytes.count)
            return Chunk(bytes: bytes, tokens: tokens, text: text[start..<end])
        }
    }

    private func ranges(_ text: UnsafeBufferPointer<UInt8>) -> [(bytes: Range<Int>, tokens: Int)] {
        var scanner = WordScanner(text)
        var ranges: [(bytes: Range<Int>, tokens: Int)] = []
        // The words from the first of the chunk on.
        var words: [Word] = []
        while true {
            var (end, count) = (0, 0)
            while end < words.count || scanner.append(to: &words), end == 0 || count + words[end].tokens <= tokens {
                count += words[end].tokens
                end += 1
            }
            guard end > 0 else { break }
            ranges.append((words[0].start..<words[end - 1].end, count))
            if end == words.count { break }
            words.removeFirst(start(after: 0, end, words))
        }
        return ranges
    }

    /// Back from the end by the overlap, but always forward from the start.
    private func start(after first: Int, _ end: Int, _ words: [Word]) -> Int {
        var (next, shared) = (end, 0)
        while next - 1 > first, shared + words[next - 1].tokens <= overlap {
            next -= 1
            shared += words[next].tokens
        }
        return next
    }

    fileprivate struct Word {
        var start: Int
        var end: Int
        var tokens: Int
    }

    fileprivate enum Kind {
        case space, letter, sign
    }

    fileprivate static func classify(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (Kind, length: Int) {
        let byte = bytes[index]
        switch byte {
        case 0...0x20, 0x7F: return (.space, 1)
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: return (.letter, 1)
        case ..<0x80: return (.sign, 1)
        default: break
        }
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
        guard index + length <= bytes.count else { return (.sign, bytes.count - index) }
        let scalar = (1..<length).reduce(UInt32(byte) & (0x7F >> UInt32(length))) {
            $0 << 6 | UInt32(bytes[index + $1] & 0x3F)
        }
        switch scalar {
        case 0x85, 0xA0, 0x1680, 0x2000...0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
            return (.space, length)
        // Punctuation, symbols; ideographs and kana, of which each is about a word; emoji.
        case 0xA1...0xBF, 0x2010...0x2BFF, 0x2E00...0xABFF, 0xF900...0xFAFF, 0xFE10...0xFE6F, 0xFF00...0xFFEF,
            0x10000...:
            return (.sign, length)
        default: return (.letter, length)
        }
    }
}

/// The words of a text, one after the other.
private struct WordScanner {
    /// Valid UTF-8.
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// False at the end of the text.
    mutating func append(to words: inout [Chunker.Word]) -> Bool {
        var start: Int?
        while index < bytes.count {
            let (kind, length) = Chunker.classify(bytes, index)
            if let start, kind != .letter || index + length - start > Chunker.wordBytesMax {
                words.append(word(from: start))
                return true
            }
            if kind == .letter { start = start ?? index }
            index += length
            if kind == .sign {
                words.append(Chunker.Word(start: index - length, end: index, tokens: 1))
                return true
            }
        }
        guard let start else { return false }
        words.append(word(from: start))
        return true
    }

    private func word(from start: Int) -> Chunker.Word {
        let tokenBytes = Chunker.tokenBytes
        return Chunker.Word(start: start, end: index, tokens: (index - start + tokenBytes - 1) / tokenBytes)
    }
}
