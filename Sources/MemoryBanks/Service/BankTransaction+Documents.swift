import ProviderKit

/// The changes of calls in a transaction, and their refusals.
extension BankTransaction {
    /// The number of a bank; 404 when there is none.
    ///
    /// - Parameter toChange: whether what is in it is to be changed.
    func known(_ uuid: String, toChange: Bool = false, field: String = "bank_uuid") throws -> Int64 {
        guard let id = toChange ? try bankToChange(uuid) : try bank(uuid) else {
            throw ProviderError.noBank(uuid, field)
        }
        return id
    }

    func insert(_ documents: [DocumentRow], into bank: Int64, _ limits: BankLimits) throws {
        guard !documents.isEmpty else { return }
        let count = try count(documents.count, in: bank)
        guard count <= limits.documentsPerBankMax else {
            throw ProviderError(
                .storageFull,
                "the bank would hold \(count) documents, and documents_per_bank_max is \(limits.documentsPerBankMax)")
        }
        guard let index = try insert(documents, into: bank) else { return }
        throw ProviderError(
            .alreadyExists,
            "[\(index)].uuid: the bank has a document '\(documents[index].uuid)' already; update replaces it",
            field: "[\(index)].uuid")
    }

    func update(_ documents: [DocumentRow], in bank: Int64) throws {
        let ids = try find(documents.map(\.uuid), in: bank)
        let found = try documents.enumerated().map { index, document in
            guard let id = ids[OpaqueID(document.uuid)] else {
                throw ProviderError(
                    .notFound, "[\(index)].uuid: the bank has no document '\(document.uuid)'; insert adds it",
                    field: "[\(index)].uuid")
            }
            return (id: id, new: document)
        }
        if !found.isEmpty { try replace(found, in: bank) }
    }

    /// Those that were there, each once, in the order of `ids`.
    func delete(_ ids: [String], of bank: Int64) throws -> [String] {
        var left = try find(ids, in: bank)
        guard !left.isEmpty else { return [] }
        try delete(Array(left.values), in: bank)
        _ = try count(-left.count, in: bank)
        return ids.filter { left.removeValue(forKey: OpaqueID($0)) != nil }
    }

    /// - Parameter documents: those that are told of one by one; nil: none.
    func status(of uuid: String, documents ids: [String]?, isEmbedding: Bool) throws -> MemoryBankStatus {
        var status = MemoryBankStatus(bankUUID: uuid, documents: 0, pending: 0, indexed: 0, notIndexed: 0, chunks: 0)
        let bank = try known(uuid)
        for (state, documents, chunks) in try documentCounts(of: bank) {
            status.documents += documents
            switch state {
            case .pending, .remote: status.pending += documents
            case .indexed: (status.indexed, status.chunks) = (documents, chunks)
            default: status.notIndexed += documents
            }
        }
        if let ids {
            let found = Dictionary(
                try documentStatus(ids, of: bank).map { (OpaqueID($0.uuid), $0) },
                uniquingKeysWith: { first, _ in first })
            status.documentStatus = ids.compactMap { found[OpaqueID($0)] }
        }
        if isEmbedding { status.embeddingPending = try dueCount(of: bank) }
        return status
    }
}

extension String {
    /// Refuses U+0000 in an id, a name or a media type: SQLite would read the text up to it, and PostgreSQL keeps none.
    /// Contents, metadata and chunks may hold it, because they are kept as bytes.
    func checkForNUL(at field: String) throws {
        guard utf8.contains(0) else { return }
        throw ProviderError(.invalidRequest, "\(field) must not hold the character U+0000", field: field)
    }
}

extension ProviderError {
    static func noBank(_ uuid: String, _ field: String = "bank_uuid") -> ProviderError {
        ProviderError(.notFound, "there is no memory bank '\(uuid)'", field: field)
    }
}
