import ProviderKit

/// One query in one transaction: what the database finds by words and by meaning, the best first.
package protocol ChunkSearch {
    /// False for a chunk that is gone, of another bank, or of a document that the filter does not accept.
    func accepts(_ chunk: Int64) throws -> Bool
    /// nil for one that is not accepted.
    func chunk(_ id: Int64, score: Double) throws -> MemoryBankChunk?
    /// Gives chunks that hold words of the query until `take` has had enough. It may give some that are not accepted.
    ///
    /// - Parameter countMin: about so many are wanted.
    func byWords(_ countMin: Int, _ take: (_ chunk: Int64, _ score: Double) throws -> Bool) throws
    /// Gives accepted chunks by how near their vectors are to this one until `take` has had enough.
    func byMeaning(_ vector: [Float], _ countMin: Int, _ take: (_ chunk: Int64, _ score: Double) throws -> Bool) throws
    /// About the score of a chunk that holds each word of the query once. Known once ``byWords(_:_:)`` has given
    /// something.
    func scoreOfAllWords() throws -> Double
}

extension ChunkQuery {
    func byWords(_ search: some ChunkSearch) throws -> [MemoryBankChunk] {
        var answer = answer
        try search.byWords(request.topK) { id, score in
            if let chunk = try search.chunk(id, score: score) { answer.offer(chunk) }
            return !answer.isFull
        }
        return answer.chunks
    }

    func byMeaning(_ search: some ChunkSearch, _ vector: [Float]) throws -> [MemoryBankChunk] {
        var answer = answer
        var left = depth
        try search.byMeaning(vector, depth) { id, score in
            if let chunk = try search.chunk(id, score: score) { answer.offer(chunk) }
            left -= 1
            return left > 0 && !answer.isFull
        }
        return answer.chunks
    }

    func byBoth(_ search: some ChunkSearch, _ vector: [Float]) throws -> [MemoryBankChunk] {
        var fusion = RankFusion()
        var place = 0
        try search.byMeaning(vector, depth) { id, _ in
            place += 1
            fusion.countByMeaning(id, place: place)
            return place < depth
        }
        var all: Double?
        place = 0
        try search.byWords(depth) { id, score in
            guard try search.accepts(id) else { return true }
            let scoreOfAllWords = try all ?? search.scoreOfAllWords()
            all = scoreOfAllWords
            place += 1
            fusion.countByWords(id, place: place, score: score, scoreOfAllWords: scoreOfAllWords)
            return place < depth
        }
        var answer = answer
        for (id, score) in fusion.ranked where !answer.isFull {
            if let chunk = try search.chunk(id, score: score) { answer.offer(chunk) }
        }
        return answer.chunks
    }
}
