import ProviderKit

/// One query in one transaction: what the database finds by words and by meaning, the best first.
package protocol ChunkSearch {
    /// False for a chunk that is gone, of another bank, or of a document that the filter does not accept.
    func accepts(_ chunk: Int64) throws -> Bool
    /// nil for one that is not accepted. Its scores are the caller's to add.
    func chunk(_ id: Int64) throws -> MemoryBankChunk?
    /// Gives chunks that hold words of the query until `take` has had enough. It may give some that are not accepted.
    ///
    /// - Parameter countMin: about this number is wanted.
    func byWords(_ countMin: Int, _ take: (WordMatch) throws -> Bool) throws
    /// Gives accepted chunks by how near their vectors are to this one until `take` has had enough.
    func byMeaning(_ vector: [Float], _ countMin: Int, _ take: (_ chunk: Int64, _ score: Double) throws -> Bool) throws
}

/// A chunk that holds words of the query.
package struct WordMatch: Sendable {
    package let chunk: Int64
    /// BM25 over the chunk's bank alone.
    package let score: Double
    /// How much of the query the chunk holds, 0 to 1, rare words counting more; a word that no chunk of the bank holds
    /// counts in full.
    package let share: Double

    /// - Parameter scoreOfAllWords: about the score of a chunk that holds each word of the query once.
    package init(chunk: Int64, score: Double, scoreOfAllWords: Double) {
        (self.chunk, self.score) = (chunk, score)
        share = scoreOfAllWords > 0 ? min(1, score / scoreOfAllWords) : 0
    }
}

extension ChunkQuery {
    func byWords(_ search: some ChunkSearch) throws -> [MemoryBankChunk] {
        var answer = answer
        try search.byWords(request.topK) { match in
            if var chunk = try search.chunk(match.chunk) {
                (chunk.score, chunk.keywordScore) = (match.score, match.score)
                answer.offer(chunk)
            }
            return !answer.isFull
        }
        return answer.chunks
    }

    func byMeaning(_ search: some ChunkSearch, _ vector: [Float]) throws -> [MemoryBankChunk] {
        var answer = answer
        var left = depth
        try search.byMeaning(vector, depth) { id, score in
            if var chunk = try search.chunk(id) {
                (chunk.score, chunk.vectorScore) = (score, score)
                answer.offer(chunk)
            }
            left -= 1
            return left > 0 && !answer.isFull
        }
        return answer.chunks
    }

    func byBoth(_ search: some ChunkSearch, _ vector: [Float]) throws -> [MemoryBankChunk] {
        var fusion = RankFusion()
        try search.byMeaning(vector, depth) { id, score in
            fusion.addByMeaning(id, score: score)
            return fusion.countByMeaning < depth
        }
        try search.byWords(depth) { match in
            if try search.accepts(match.chunk) { fusion.addByWords(match) }
            return fusion.countByWords < depth
        }
        var answer = answer
        for fused in fusion.ranked where !answer.isFull {
            if var chunk = try search.chunk(fused.chunk) {
                (chunk.score, chunk.keywordScore, chunk.vectorScore) = (fused.score, fused.byWords, fused.byMeaning)
                answer.offer(chunk)
            }
        }
        return answer.chunks
    }
}
