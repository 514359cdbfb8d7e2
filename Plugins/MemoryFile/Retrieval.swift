import Documents
import GRDB
import ProviderKit
import VectorIndex

/// One `query`: checked, searched by words, by meaning or by both, and cut to its count and token budget.
struct Retrieval: Sendable {
    private let query: ChunkQuery
    private var request: MemoryBankQueryRequest { query.request }
    private var filter: MetadataFilter { query.filter }

    var text: String { query.text }

    init(_ request: MemoryBankQueryRequest) throws { query = try ChunkQuery(request) }

    /// The database's numbers of the banks, with the caller's ids; 404 when one is not there.
    func banks(_ db: Database) throws -> [Int64: String] {
        var banks: [Int64: String] = [:]
        for (index, uuid) in request.bankUUIDs.enumerated() {
            banks[try db.bank(uuid, field: "bank_uuids[\(index)]")] = uuid
        }
        return banks
    }

    // MARK: The three ways

    func byKeyword(_ db: Database) throws -> [MemoryBankChunk] {
        let banks = try banks(db)
        let chunks = FilteredChunks(db, banks, filter)
        var answer = query.answer
        try KeywordQuery(text).ranked(db, Array(banks.keys)) { id, score in
            if let chunk = try chunks.chunk(id, score: score) { answer.offer(chunk) }
            return !answer.isFull
        }
        return answer.chunks
    }

    func byVector(_ db: Database, _ vectors: VectorQuery) throws -> [MemoryBankChunk] {
        let banks = try banks(db)
        let chunks = FilteredChunks(db, banks, filter)
        var answer = query.answer
        for match in try vectors.ranked(db, Array(banks.keys), chunks, countMax: query.depth) {
            if let chunk = try chunks.chunk(match.id, score: Double(match.score)) { answer.offer(chunk) }
        }
        return answer.chunks
    }

    func byBoth(_ db: Database, _ vectors: VectorQuery) throws -> [MemoryBankChunk] {
        let banks = try banks(db)
        let chunks = FilteredChunks(db, banks, filter)
        var fusion = RankFusion()
        let nearest = try vectors.ranked(db, Array(banks.keys), chunks, countMax: query.depth)
        for (index, match) in nearest.enumerated() { fusion.countByMeaning(match.id, place: index + 1) }
        let words = KeywordQuery(text)
        let all = try words.scoreOfAllWords(db)
        var place = 0
        try words.ranked(db, Array(banks.keys)) { id, score in
            guard try chunks.accepts(id) else { return true }
            place += 1
            fusion.countByWords(id, place: place, score: score, scoreOfAllWords: all)
            return place < query.depth
        }
        var answer = query.answer
        for (id, score) in fusion.ranked where !answer.isFull {
            if let chunk = try chunks.chunk(id, score: score) { answer.offer(chunk) }
        }
        return answer.chunks
    }
}
