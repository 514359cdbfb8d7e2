import ProviderKit

/// Chunks within a query's count and token budget.
package struct ChunkAnswer: Sendable {
    private let countMax: Int
    private let query: String
    private var tokensLeft: Int
    package private(set) var chunks: [MemoryBankChunk] = []

    package init(countMax: Int, tokensMax: Int, query: String) {
        (self.countMax, self.query, tokensLeft) = (countMax, query, tokensMax)
    }

    package var isFull: Bool { chunks.count >= countMax || tokensLeft <= 0 }

    /// The best chunk is cut when it is longer than the budget. Another that does not fit makes room for a smaller one.
    package mutating func offer(_ chunk: MemoryBankChunk) {
        guard !isFull else { return }
        var chunk = chunk
        if chunk.tokenCount > tokensLeft {
            guard chunks.isEmpty, let part = ChunkPart(of: chunk.text, tokensMax: tokensLeft, query: query) else {
                return
            }
            part.replace(&chunk)
            // Nothing after it is better, and the budget is for the best.
            tokensLeft = chunk.tokenCount
        }
        tokensLeft -= chunk.tokenCount
        chunks.append(chunk)
    }
}

/// The sentences of a chunk around the one that holds most words of the query, as many as fit.
struct ChunkPart {
    private let bytes: Range<Int>
    private let tokens: Int
    private let text: String

    /// nil: the text has no words.
    init?(of text: String, tokensMax: Int, query: String) {
        let counting = Chunker(tokens: .max, overlap: 0)
        let sentences = Sentences.of(text)
        let wanted = Set(Words.asked(query, countMax: 256))
        func worth(_ sentence: Range<String.Index>) -> Int {
            wanted.isEmpty ? 0 : Set(Words.indexed(String(text[sentence]))).intersection(wanted).count
        }
        let worths = sentences.map(worth)
        guard let best = worths.indices.max(by: { worths[$0] < worths[$1] }) else { return nil }
        func tokens(_ range: Range<String.Index>) -> Int { counting.chunks(String(text[range])).first?.tokens ?? 0 }
        var part = sentences[best]
        guard tokens(part) <= tokensMax else {
            // Not even a sentence: its beginning, to the end of a word.
            guard let cut = Chunker(tokens: tokensMax, overlap: 0).chunks(String(text[part])).first else { return nil }
            let start = text.utf8.distance(from: text.startIndex, to: part.lowerBound)
            bytes = start + cut.bytes.lowerBound..<start + cut.bytes.upperBound
            (self.tokens, self.text) = (cut.tokens, String(cut.text))
            return
        }
        // What follows first, then what stands before.
        for next in sentences[(best + 1)...] {
            guard tokens(part.lowerBound..<next.upperBound) <= tokensMax else { break }
            part = part.lowerBound..<next.upperBound
        }
        for previous in sentences[..<best].reversed() {
            guard tokens(previous.lowerBound..<part.upperBound) <= tokensMax else { break }
            part = previous.lowerBound..<part.upperBound
        }
        guard let whole = counting.chunks(String(text[part])).first else { return nil }
        let start = text.utf8.distance(from: text.startIndex, to: part.lowerBound)
        bytes = start + whole.bytes.lowerBound..<start + whole.bytes.upperBound
        (self.tokens, self.text) = (whole.tokens, String(whole.text))
    }

    func replace(_ chunk: inout MemoryBankChunk) {
        (chunk.start, chunk.end) = (chunk.start + bytes.lowerBound, chunk.start + bytes.upperBound)
        (chunk.tokenCount, chunk.text, chunk.isTruncated) = (tokens, text, true)
    }
}

/// Where sentences end: after a full stop, a question mark or their like with what closes a quotation, before a space,
/// and at an empty line. After signs of scripts without spaces, at once.
enum Sentences {
    static func of(_ text: String) -> [Range<String.Index>] {
        var sentences: [Range<String.Index>] = []
        var start = text.startIndex
        var index = start
        var hasEnded = false
        var newlines = 0
        func isCloser(_ character: Character) -> Bool { "\"'”’»)]」』）".contains(character) }
        while index < text.endIndex {
            let character = text[index]
            let next = text.index(after: index)
            newlines = character.isNewline ? newlines + 1 : character.isWhitespace ? newlines : 0
            if "。！？｡．".contains(character) || newlines == 2 || hasEnded && character.isWhitespace {
                var end = next
                while end < text.endIndex, isCloser(text[end]) { end = text.index(after: end) }
                if text[start..<end].contains(where: { !$0.isWhitespace }) { sentences.append(start..<end) }
                (start, index, hasEnded, newlines) = (end, end, false, 0)
                continue
            }
            hasEnded = ".!?…؟।".contains(character) || hasEnded && isCloser(character)
            index = next
        }
        if text[start...].contains(where: { !$0.isWhitespace }) { sentences.append(start..<text.endIndex) }
        return sentences
    }
}
