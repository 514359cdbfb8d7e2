import ProviderKit

/// One `query` of a client, checked.
package struct ChunkQuery: Sendable {
    private static let banksMax = 100
    /// The minimum number of chunks from each side of a hybrid search.
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
        guard !text.isEmpty else {
            throw ProviderError(.invalidRequest, "query must not be empty", field: "query")
        }
        filter = try MetadataFilter(request.filter)
    }

    /// The number of chunks that are ranked, however few are wanted.
    package var depth: Int { max(Self.depthMin, request.topK) }

    /// False: it can be found by meaning alone.
    package var hasWords: Bool { !Words.asked(text, countMax: 1).isEmpty }

    package var answer: ChunkAnswer {
        ChunkAnswer(countMax: request.topK, tokensMax: request.tokensMax, query: text)
    }
}

extension Content {
    fileprivate func queryText() throws -> String {
        let texts = try all.map { item in
            guard case .text(let text) = item else {
                throw ProviderError(.unsupportedContent, "query must be text", field: "query")
            }
            return text
        }
        return texts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
