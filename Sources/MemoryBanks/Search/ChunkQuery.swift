import ProviderKit

/// One `query` of a client, checked.
package struct ChunkQuery: Sendable {
    private static let banksMax = 100
    /// In a hybrid search each side gives so many at least.
    private static let depthMin = 50

    package let request: MemoryBankQueryRequest
    package let text: String
    package let filter: MetadataFilter

    package init(_ request: MemoryBankQueryRequest) throws {
        guard (1...Self.banksMax).contains(request.bankUUIDs.count) else {
            throw ProviderError(
                .invalidRequest, "bank_uuids must be 1 to \(Self.banksMax) ids, got \(request.bankUUIDs.count)",
                field: "bank_uuids")
        }
        self.request = request
        text = try request.query.queryText()
        filter = try MetadataFilter(request.filter)
    }

    /// So many are ranked, however few are wanted.
    package var depth: Int { max(Self.depthMin, request.topK) }

    package var answer: ChunkAnswer { ChunkAnswer(countMax: request.topK, tokensMax: request.tokensMax) }
}

/// Chunks within a query's count and token budget.
package struct ChunkAnswer: Sendable {
    private let countMax: Int
    private var tokensLeft: Int
    package private(set) var chunks: [MemoryBankChunk] = []

    package init(countMax: Int, tokensMax: Int) { (self.countMax, tokensLeft) = (countMax, tokensMax) }

    package var isFull: Bool { chunks.count >= countMax || tokensLeft <= 0 }

    /// One that does not fit makes room for a smaller one.
    package mutating func offer(_ chunk: MemoryBankChunk) {
        guard !isFull, chunk.tokenCount <= tokensLeft else { return }
        tokensLeft -= chunk.tokenCount
        chunks.append(chunk)
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
