import Documents
import Foundation
import GRDB
import ProviderKit
import VectorIndex

/// One `query`: checked, searched by words, by meaning or by both, and cut to its count and token budget.
struct Retrieval: Sendable {
    private static let banksMax = 100
    /// In a hybrid search each side gives so many at least.
    private static let depth = 50
    /// Reciprocal rank fusion (Cormack et al. 2009): a place counts 1 / (offset + place). The paper's 60 is for long lists
    /// of many systems; two lists of fifty, of which the first places are what is read, want a steeper curve.
    private static let fusionOffset = 10.0

    let text: String
    private let request: MemoryBankQueryRequest
    private let filter: MetadataFilter

    init(_ request: MemoryBankQueryRequest) throws {
        guard (1...Self.banksMax).contains(request.bankUUIDs.count) else {
            throw ProviderError(
                .invalidRequest, "bank_uuids must be 1 to \(Self.banksMax) ids, got \(request.bankUUIDs.count)",
                field: "bank_uuids")
        }
        self.request = request
        text = try request.query.queryText()
        filter = try MetadataFilter(request.filter)
    }

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
        var answer = Answer(request)
        try KeywordQuery(text).ranked(db, Array(banks.keys)) { id, score in
            if let chunk = try chunks.chunk(id, score: score) { answer.offer(chunk) }
            return !answer.isFull
        }
        return answer.chunks
    }

    func byVector(_ db: Database, _ query: VectorQuery) throws -> [MemoryBankChunk] {
        let banks = try banks(db)
        let chunks = FilteredChunks(db, banks, filter)
        var answer = Answer(request)
        for match in try query.ranked(db, Array(banks.keys), chunks, countMax: max(Self.depth, request.topK)) {
            if let chunk = try chunks.chunk(match.id, score: Double(match.score)) { answer.offer(chunk) }
        }
        return answer.chunks
    }

    /// Reciprocal rank fusion of both. A place by words counts by how much of the query the chunk holds, squared: of a
    /// question in other words than the document's, a chunk holds "how" and "the", and its place says nothing.
    func byBoth(_ db: Database, _ query: VectorQuery) throws -> [MemoryBankChunk] {
        let banks = try banks(db)
        let chunks = FilteredChunks(db, banks, filter)
        let depth = max(Self.depth, request.topK)
        var scores: [Int64: Double] = [:]
        func count(_ id: Int64, _ place: Int, _ weight: Double) {
            scores[id, default: 0] += weight / (Self.fusionOffset + Double(place))
        }
        for (index, match) in try query.ranked(db, Array(banks.keys), chunks, countMax: depth).enumerated() {
            count(match.id, index + 1, 1)
        }
        let words = KeywordQuery(text)
        let all = try words.scoreOfAllWords(db)
        var place = 0
        try words.ranked(db, Array(banks.keys)) { id, score in
            guard try chunks.accepts(id) else { return true }
            place += 1
            let share = all > 0 ? min(1, score / all) : 0
            count(id, place, share * share)
            return place < depth
        }
        var answer = Answer(request)
        for (id, score) in scores.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) where !answer.isFull {
            if let chunk = try chunks.chunk(id, score: score) { answer.offer(chunk) }
        }
        return answer.chunks
    }

    /// Chunks within the request's count and token budget.
    private struct Answer {
        private let countMax: Int
        private var tokensLeft: Int
        private(set) var chunks: [MemoryBankChunk] = []

        init(_ request: MemoryBankQueryRequest) { (countMax, tokensLeft) = (request.topK, request.tokensMax) }

        var isFull: Bool { chunks.count >= countMax || tokensLeft <= 0 }

        /// One that does not fit makes room for a smaller one.
        mutating func offer(_ chunk: MemoryBankChunk) {
            guard !isFull, chunk.tokenCount <= tokensLeft else { return }
            tokensLeft -= chunk.tokenCount
            chunks.append(chunk)
        }
    }
}

extension Content {
    fileprivate func queryText() throws -> String {
        try all.map { item in
            guard case .text(let text) = item else {
                throw ProviderError(.unsupportedContent, "query must be text", field: "query")
            }
            return text
        }.joined(separator: " ")
    }
}
