import ProviderKit

/// The plan of a search: by words, by meaning or by both.
extension MemoryBankService {
    package func query(_ request: MemoryBankQueryRequest, _ call: Call) async throws -> MemoryBankQueryResponse {
        let query = try ChunkQuery(request)
        let mode = request.mode
        guard let vector = try await vector(for: query, mode) else {
            let chunks = try await store.read { try query.byWords($0.search(query)) }
            return MemoryBankQueryResponse(mode: .keyword, chunks: chunks)
        }
        if mode == .vector || !query.hasWords {
            let chunks = try await store.read { try query.byMeaning($0.search(query), vector) }
            return MemoryBankQueryResponse(mode: .vector, chunks: chunks)
        }
        let chunks = try await store.read { try query.byBoth($0.search(query), vector) }
        return MemoryBankQueryResponse(mode: .hybrid, chunks: chunks)
    }

    /// nil when the search is to go by words alone: that was asked for, or nothing was and there is nothing better.
    private func vector(for query: ChunkQuery, _ mode: MemoryBankQueryMode?) async throws -> [Float]? {
        if mode == .keyword { return nil }
        guard let embedding else {
            guard let mode else { return nil }
            throw ProviderError(
                .notImplemented,
                "mode '\(mode.rawValue)' needs embeddings, and this provider has no embedding_model configured; it has "
                    + "'keyword'", field: "mode")
        }
        if mode == nil {
            let hasVectors = try await store.read { try $0.hasVectors(in: Array(try $0.banks(of: query).keys)) }
            guard hasVectors else { return nil }
        }
        do {
            return try await embedding.embedder.embed([query.text]).first
        } catch  where mode == nil && !(error is CancellationError) {
            // Words still find something, and the answer says that it went by them.
            return nil
        }
    }
}

extension BankTransaction {
    /// The numbers of the query's banks, with the caller's ids; 404 when one is not there.
    fileprivate func banks(of query: ChunkQuery) throws -> [Int64: String] {
        var banks: [Int64: String] = [:]
        for (index, uuid) in query.request.bankUUIDs.enumerated() {
            let field = "bank_uuids[\(index)]"
            try uuid.checkForNUL(at: field)
            banks[try known(uuid, field: field)] = uuid
        }
        return banks
    }

    fileprivate func search(_ query: ChunkQuery) throws -> Search { search(query, in: try banks(of: query)) }
}
