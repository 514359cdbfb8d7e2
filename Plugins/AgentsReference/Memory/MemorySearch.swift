import ProviderKit

/// Searches an agent's banks for what fits a message.
struct MemorySearch: Sendable {
    static let piecesMax = 10
    static let tokensMax = 2048
    /// The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009.
    private static let rankConstant = 60.0

    struct Found: Sendable {
        /// Pieces of documents, the best first.
        var documents: [MemoryBankDocument] = []
        /// As many, falling.
        var scores: [Double] = []
    }

    let banks: [String]
    let call: Call

    /// One query a bank, all at once. The scores of two banks can't be compared, so their answers are merged by rank.
    func search(_ text: String) async throws -> Found {
        let answers = try await inOrder(banks.count) { try await query(banks[$0], text) }
        var ranked = answers.flatMap { chunks in
            chunks.enumerated().map { rank, chunk in (score: 1 / (Self.rankConstant + Double(rank + 1)), chunk: chunk) }
        }
        // A stable order: of equals, the bank that the agent names first.
        let order = ranked.indices.sorted { a, b in
            ranked[a].score != ranked[b].score ? ranked[a].score > ranked[b].score : a < b
        }
        ranked = order.map { ranked[$0] }
        var found = Found()
        var tokens = 0
        for (score, chunk) in ranked where found.documents.count < Self.piecesMax {
            guard tokens + chunk.tokenCount <= Self.tokensMax else { continue }
            tokens += chunk.tokenCount
            found.documents.append(MemoryBankDocument(chunk))
            found.scores.append(score)
        }
        return found
    }

    private func query(_ bank: String, _ text: String) async throws -> [MemoryBankChunk] {
        let request = MemoryBankQueryRequest(
            bankUUIDs: [bank], query: .text(text), topK: Self.piecesMax, tokensMax: Self.tokensMax)
        do {
            return try await call.memoryBanks().query(request).chunks
        } catch let error as ProviderError where error.code == .notFound {
            throw ProviderError(
                .notFound, "the agent's memory bank '\(bank)' is gone: create it again, or create the agent without it",
                field: "agent_uuid")
        }
    }
}

extension MemoryBankDocument {
    /// A piece of a document as a document: its text, under the whole document's id.
    fileprivate init(_ chunk: MemoryBankChunk) {
        var metadata = chunk.metadata
        metadata["bank_uuid"] = .string(chunk.bankUUID)
        metadata["start"] = .integer(Int64(chunk.start))
        metadata["end"] = .integer(Int64(chunk.end))
        self.init(
            uuid: chunk.documentUUID, content: Base64Data(Array(chunk.text.utf8)), metadata: metadata,
            mimeType: "text/plain")
    }
}
