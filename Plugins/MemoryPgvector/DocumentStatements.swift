import Documents
import Foundation
import Postgres
import ProviderKit

// Every statement about documents. All documents of a call go in one statement, as arrays.

extension Session {
    func insert(_ documents: [DocumentRow], into bank: Int64, documentsMax: Int) throws {
        guard !documents.isEmpty else { return }
        try count(documents.count, in: bank, documentsMax: documentsMax)
        let columns = Columns(documents)
        let inserted = try run(
            """
            INSERT INTO document (bank, uuid, state, mime_type, metadata, filterable, checksum, content)
            SELECT $1, * FROM unnest(
                $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::jsonb[], $7::bigint[], $8::bytea[])
            ON CONFLICT (bank, uuid) DO NOTHING RETURNING uuid
            """,
            .int(bank), columns.uuids, columns.states, columns.mimeTypes, columns.metadata, columns.filterable,
            columns.checksums, columns.contents)
        guard inserted.count < documents.count else { return }
        let new = Set(inserted.map { OpaqueID($0.text(0)) })
        let index = documents.firstIndex { !new.contains(OpaqueID($0.uuid)) } ?? 0
        throw ProviderError(
            .alreadyExists,
            "[\(index)].uuid: the bank has a document '\(documents[index].uuid)' already; update replaces it",
            field: "[\(index)].uuid")
    }

    func update(_ documents: [DocumentRow], in bank: Int64) throws {
        let ids = try lock(documents.map(\.uuid), of: bank)
        for (index, document) in documents.enumerated() where ids[OpaqueID(document.uuid)] == nil {
            throw ProviderError(
                .notFound, "[\(index)].uuid: the bank has no document '\(document.uuid)'; insert adds it",
                field: "[\(index)].uuid")
        }
        try run("DELETE FROM chunk WHERE document = ANY($1)", .ints(Array(ids.values)))
        try run("DELETE FROM embedding_due WHERE document = ANY($1)", .ints(Array(ids.values)))
        let columns = Columns(documents)
        try run(
            """
            UPDATE document SET chunks = 0, state = new.state, mime_type = new.mime_type, metadata = new.metadata,
                filterable = new.filterable, checksum = new.checksum, content = new.content
            FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::jsonb[], $7::bigint[], $8::bytea[])
                AS new (uuid, state, mime_type, metadata, filterable, checksum, content)
            WHERE document.bank = $1 AND document.uuid = new.uuid
            """,
            .int(bank), columns.uuids, columns.states, columns.mimeTypes, columns.metadata, columns.filterable,
            columns.checksums, columns.contents)
    }

    /// In the order of `ids`; those that the bank does not have are left out.
    func documents(_ ids: [String], of bank: Int64, bytesMax: Int) throws -> [MemoryBankDocument] {
        // The bytes are read only when they may be answered.
        let rows = try run(
            """
            SELECT uuid, octet_length(content),
                CASE WHEN count(*) OVER () = 1 OR sum(octet_length(content)) OVER () <= $3 THEN content END,
                metadata, mime_type, checksum
            FROM document WHERE bank = $1 AND uuid = ANY($2)
            """, .int(bank), .texts(ids), .int(Int64(bytesMax)))
        var found: [OpaqueID: Row] = [:]
        for row in rows.map({ $0 }) { found[OpaqueID(row.text(0))] = row }
        var bytes = 0
        var documents: [MemoryBankDocument] = []
        for id in ids {
            guard let row = found[OpaqueID(id)] else { continue }
            bytes += Int(row.int(1))
            guard !row.isNull(2), bytes <= bytesMax || documents.isEmpty else {
                throw ProviderError(
                    .bodyTooLarge,
                    "the documents hold more than \(bytesMax) bytes together; ask for fewer ids at a time")
            }
            documents.append(try MemoryBankDocument(id, row))
        }
        return documents
    }

    /// Those that were there, each once, in the order of `ids`.
    func deleteDocuments(_ ids: [String], of bank: Int64) throws -> [String] {
        var left = try lock(ids, of: bank)
        guard !left.isEmpty else { return [] }
        try run("DELETE FROM document WHERE id = ANY($1)", .ints(Array(left.values)))
        try count(-left.count, in: bank, documentsMax: .max)
        return ids.filter { left.removeValue(forKey: OpaqueID($0)) != nil }
    }

    /// In one order for all calls, so that two of them never wait for each other.
    private func lock(_ ids: [String], of bank: Int64) throws -> [OpaqueID: Int64] {
        let rows = try run(
            "SELECT uuid, id FROM document WHERE bank = $1 AND uuid = ANY($2) ORDER BY id FOR UPDATE", .int(bank),
            .texts(ids))
        return Dictionary(rows.map { (OpaqueID($0.text(0)), $0.int(1)) }) { first, _ in first }
    }
}

/// Documents turned on their side: an array for each column.
private struct Columns {
    var uuids, states, mimeTypes, metadata, filterable, checksums, contents: Value

    init(_ documents: [DocumentRow]) {
        uuids = .texts(documents.map(\.uuid))
        states = .ints(documents.map { Int64($0.state.rawValue) })
        mimeTypes = .texts(documents.map(\.mimeType))
        metadata = .bytesArray(documents.map { [UInt8]($0.metadata) })
        filterable = .jsons(documents.map { CoarseFilter.filterable([UInt8]($0.metadata)) })
        checksums = .ints(documents.map(\.checksum))
        contents = .bytesArray(documents.map { [UInt8]($0.content) })
    }
}

extension MemoryBankDocument {
    /// A row of (uuid, length, content, metadata, mime_type, checksum); throws when they are not what was stored.
    fileprivate init(_ uuid: String, _ row: Row) throws {
        let content = row.bytes(2)
        let metadata = row.bytes(3)
        let mimeType = row.text(4)
        guard Checksum.of(content, metadata, mimeType) == row.int(5),
            let members = try? JSON(parsing: metadata).objectValue
        else {
            throw ProviderError(
                .providerUnavailable, "the document '\(uuid)' is damaged in the database: it is not what was stored")
        }
        self.init(uuid: uuid, content: Base64Data(content), metadata: members, mimeType: mimeType)
    }
}
