import Documents
import Postgres
import ProviderKit

/// One `query`, on one moment of the database: searched by words, by meaning or by both, and cut to its count and
/// budget.
struct Retrieval: Sendable {
    /// Beyond what is wanted so many are ranked: the filter has the last word on each.
    private static let rankedBeyond = 20

    let query: ChunkQuery

    init(_ request: MemoryBankQueryRequest) throws { query = try ChunkQuery(request) }

    /// The database's numbers of the banks, with the caller's ids; 404 when one is not there.
    func banks(_ session: Session) throws -> [Int64: String] {
        var banks: [Int64: String] = [:]
        for (index, uuid) in query.request.bankUUIDs.enumerated() {
            banks[try session.bank(uuid, field: "bank_uuids[\(index)]")] = uuid
        }
        return banks
    }

    /// Whether any of the banks has vectors of the model.
    func hasVectors(_ session: Session, of model: String) throws -> Bool {
        let banks = try banks(session)
        guard let model = try session.embeddingModel(model), model.dimensions != nil else { return false }
        return try session.run(
            composed: "SELECT 1 FROM \(model.table) WHERE bank = ANY($1) LIMIT 1", [.ints(Array(banks.keys))]
        ).first != nil
    }

    // MARK: The three ways

    func byKeyword(_ session: Session) throws -> [MemoryBankChunk] {
        let banks = try banks(session)
        let words = KeywordSearch(query.text)
        var answer = query.answer
        try accepted(session, banks, from: query.request.topK) {
            try words.ranked(session, Array(banks.keys), query.filter, countMax: $0).ranked
        } take: { chunk in
            answer.offer(chunk)
            return !answer.isFull
        }
        return answer.chunks
    }

    func byVector(_ session: Session, _ vectors: VectorSearch) throws -> [MemoryBankChunk] {
        let banks = try banks(session)
        var answer = query.answer
        var left = query.depth
        try accepted(session, banks, from: query.depth) {
            try vectors.ranked(session, Array(banks.keys), query.filter, countMax: $0)
        } take: { chunk in
            answer.offer(chunk)
            left -= 1
            return left > 0 && !answer.isFull
        }
        return answer.chunks
    }

    func byBoth(_ session: Session, _ vectors: VectorSearch) throws -> [MemoryBankChunk] {
        let banks = try banks(session)
        var fusion = RankFusion()
        var chunks: [Int64: MemoryBankChunk] = [:]
        var place = 0
        try accepted(session, banks, from: query.depth) {
            try vectors.ranked(session, Array(banks.keys), query.filter, countMax: $0)
        } take: { chunk, id in
            place += 1
            chunks[id] = chunk
            fusion.countByMeaning(id, place: place)
            return place < query.depth
        }
        let words = KeywordSearch(query.text)
        var all = 0.0
        place = 0
        try accepted(session, banks, from: query.depth) {
            let found = try words.ranked(session, Array(banks.keys), query.filter, countMax: $0)
            all = found.scoreOfAllWords
            return found.ranked
        } take: { chunk, id in
            place += 1
            chunks[id] = chunk
            fusion.countByWords(id, place: place, score: chunk.score, scoreOfAllWords: all)
            return place < query.depth
        }
        var answer = query.answer
        for (id, score) in fusion.ranked where !answer.isFull {
            guard var chunk = chunks[id] else { continue }
            chunk.score = score
            answer.offer(chunk)
        }
        return answer.chunks
    }

    // MARK: Chunks

    private func accepted(
        _ session: Session, _ banks: [Int64: String], from countMin: Int,
        _ search: (_ countMax: Int) throws -> [(id: Int64, score: Double)], take: (MemoryBankChunk) -> Bool
    ) throws { try accepted(session, banks, from: countMin, search) { chunk, _ in take(chunk) } }

    /// Gives the chunks that the filter accepts, the best first, until `take` has had enough. When they run out the
    /// search is made wider and wider, at last to everything.
    private func accepted(
        _ session: Session, _ banks: [Int64: String], from countMin: Int,
        _ search: (_ countMax: Int) throws -> [(id: Int64, score: Double)], take: (MemoryBankChunk, Int64) -> Bool
    ) throws {
        var width = countMin + Self.rankedBeyond
        var seen: Set<Int64> = []
        while true {
            let found = try search(width)
            let new = found.filter { seen.insert($0.id).inserted }
            let chunks = try session.chunks(new.map(\.id), banks, query.filter)
            for (id, score) in new {
                guard var chunk = chunks[id] else { continue }
                chunk.score = score
                guard take(chunk, id) else { return }
            }
            if found.count < width { return }
            width *= 8
        }
    }
}

extension Session {
    /// Those of the chunks whose documents the filter accepts.
    fileprivate func chunks(
        _ ids: [Int64], _ banks: [Int64: String], _ filter: MetadataFilter
    ) throws -> [Int64: MemoryBankChunk] {
        guard !ids.isEmpty else { return [:] }
        let rows = try run(
            """
            SELECT chunk.id, chunk.bank, document.uuid, position, first_byte, end_byte, tokens, text, metadata
            FROM chunk JOIN document ON document.id = document WHERE chunk.id = ANY($1)
            """, .ints(ids))
        var chunks: [Int64: MemoryBankChunk] = [:]
        for row in rows.map({ $0 }) {
            guard let bank = banks[row.int(1)], let metadata = try? JSON(parsing: row.bytes(8)).objectValue,
                filter.accepts(metadata)
            else { continue }
            chunks[row.int(0)] = MemoryBankChunk(
                bankUUID: bank, documentUUID: row.text(2), index: Int(row.int(3)), start: Int(row.int(4)),
                end: Int(row.int(5)), tokenCount: Int(row.int(6)), score: 0,
                text: String(decoding: row.bytes(7), as: UTF8.self), metadata: metadata)
        }
        return chunks
    }
}
