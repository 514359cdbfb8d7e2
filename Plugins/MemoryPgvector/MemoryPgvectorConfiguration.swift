import Documents
import ProviderKit

/// What may stand under `config:` of a `remote::pgvector` entry of `memory_banks`.
struct MemoryPgvectorConfiguration: WireRecord {
    var url: String?
    var host: String?
    var port: Int
    var database: String?
    var user: String?
    var password: String?
    var sslmode: SSLMode?
    var sslRootCertificate: String?
    var sslCertificate: String?
    var sslKey: String?
    var schema: String
    var connectionsMax: Int
    var startSecondsMax: Int
    var statementSecondsMax: Int
    var embeddingModel: String?
    var hnswM: Int
    var hnswEfConstruction: Int
    var hnswEfSearch: Int
    var exactChunksMax: Int
    var chunkTokens: Int
    var chunkOverlapTokens: Int
    var banksMax: Int
    var documentsPerBankMax: Int
    var documentsPerCallMax: Int
    var idsPerCallMax: Int
    var metadataBytesMax: Int
    var answerBytesMax: Int
    var pdf: PDFText.Limits
    var idempotency: IdempotencySettings

    static let object = Object(
        "MemoryPgvectorConfiguration", isComponent: false, Self.init,
        Field(
            "url", \.url,
            "The database as a URL: postgresql://user:password@host:5432/database?sslmode=verify-full. In place of host, port, "
                + "database, user and password."),
        Field(
            "host", \.host,
            "The server's name or address; the folder of its socket when it begins with /; several, with commas between, of which "
                + "the first that takes writes is used. Absent: what libpq takes, PGHOST or the local socket."),
        Field("port", \.port, default: 5432, check: .within(1...65_535), "The server's port."),
        Field("database", \.database, "The database. Absent: what libpq takes, PGDATABASE or the user's name."),
        Field("user", \.user, "Who connects. Absent: what libpq takes, PGUSER or the system's user."),
        Field(
            "password", \.password,
            "The user's password. Write ${env.NAME}, so that it stands in no file. Absent: what libpq takes, ~/.pgpass."
        ),
        Field(
            "sslmode", \.sslmode,
            "Whether the connection is encrypted (libpq's words). verify-full also checks who answers, and is what a server on "
                + "another machine gets unless this says otherwise; prefer is what one on this machine gets."),
        Field(
            "ssl_root_certificate", \.sslRootCertificate,
            "The file of the certificates that are trusted (PEM). Absent: ~/.postgresql/root.crt."),
        Field(
            "ssl_certificate", \.sslCertificate, "The file of our own certificate (PEM), for a server that wants one."),
        Field("ssl_key", \.sslKey, "The file of its key, which nobody else may read."),
        Field(
            "schema", \.schema, default: "llama_stack", check: .identifier,
            "The schema that holds the tables. It is made when it is not there. Hosts with the same one share their banks."
        ),
        Field(
            "connections_max", \.connectionsMax, default: 8, check: .within(2...100),
            "Connections to the server; made when they are needed, then kept."),
        Field(
            "start_seconds_max", \.startSecondsMax, default: 10, check: .within(1...600),
            "So long a start waits for a server that can't be reached yet."),
        Field(
            "statement_seconds_max", \.statementSecondsMax, default: 30, check: .within(1...3600),
            "A statement that runs longer is ended, and the call is answered with 504."),
        Field(
            "embedding_model", \.embeddingModel, naming: "model",
            "The model whose embeddings find chunks by meaning, as an inference provider of this distribution serves it. "
                + "Absent: chunks are found by their words alone. The vectors of each model have a table of their own."),
        Field(
            "hnsw_m", \.hnswM, default: 16, check: .within(2...100),
            "Neighbours of each vector in the index, when the table of a model is made."),
        Field(
            "hnsw_ef_construction", \.hnswEfConstruction, default: 64, check: .within(4...1000),
            "Vectors looked at for each that is added to the index; at least twice hnsw_m."),
        Field(
            "hnsw_ef_search", \.hnswEfSearch, default: 100, check: .within(1...1000),
            "Vectors looked at for each search by the index. More finds more and takes longer."),
        Field(
            "exact_chunks_max", \.exactChunksMax, default: 20_000, check: .within(0...10_000_000),
            "Banks, or what a filter leaves of them, of so many chunks are searched in full; larger ones by the index."),
        Field(
            "chunk_tokens", \.chunkTokens, default: 512, check: .within(16...8192),
            "The length of a chunk. Tokens are estimated: a word is one for each begun six bytes of it, a sign is one. "
                + "Documents that are indexed already keep their chunks."),
        Field(
            "chunk_overlap_tokens", \.chunkOverlapTokens, default: 128, check: .within(0...4096),
            "What a chunk shares with the one before it; at most half of chunk_tokens."),
        Field("banks_max", \.banksMax, default: 10_000, check: .within(1...1_000_000), "Banks in all."),
        Field(
            "documents_per_bank_max", \.documentsPerBankMax, default: 1_000_000, check: .within(1...1_000_000_000),
            "Documents of one bank; one more is refused with 507. Calls at the same time do not count each other's."),
        Field(
            "documents_per_call_max", \.documentsPerCallMax, default: 256, check: .within(1...10_000),
            "Documents of one create, insert or update."),
        Field(
            "ids_per_call_max", \.idsPerCallMax, default: 1_000, check: .within(1...100_000),
            "Ids of one get or delete."),
        Field(
            "metadata_bytes_max", \.metadataBytesMax, default: 65_536, check: .within(2...1_048_576),
            "The metadata of one document, as JSON."),
        Field(
            "answer_bytes_max", \.answerBytesMax, default: 32 << 20, check: .within(1...(256 << 20)),
            "Content of the documents of one get, all together; one document alone is always given."),
        Field(
            "pdf", \.pdf, default: PDFText.Limits(),
            "What reading one PDF document may take; no longer than half of statement_seconds_max."),
        Inline(\.idempotency, IdempotencySettings.object))
}

/// libpq's words for how a connection is encrypted.
enum SSLMode: String, WireEnum {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
}

extension MemoryPgvectorConfiguration {
    /// Documents are read within a transaction, which the server ends when it is idle for statement_seconds_max.
    var pdfLimits: PDFText.Limits {
        var limits = pdf
        limits.secondsMax = min(limits.secondsMax, max(1, statementSecondsMax / 2))
        return limits
    }

    /// What one field's check can't see, all of it.
    func checkTogether() throws {
        var problems: [ConfigurationError.Problem] = []
        func refuse(_ pointer: String, _ message: String) {
            problems.append(ConfigurationError.Problem(pointer: pointer, message: message))
        }
        if chunkOverlapTokens * 2 > chunkTokens {
            refuse(
                "/chunk_overlap_tokens",
                "must be at most half of chunk_tokens (\(chunkTokens)), got \(chunkOverlapTokens)")
        }
        if hnswEfConstruction < 2 * hnswM {
            refuse(
                "/hnsw_ef_construction", "must be at least twice hnsw_m (\(hnswM)), got \(hnswEfConstruction)")
        }
        if url != nil {
            for (key, isGiven) in [
                ("host", host != nil), ("database", database != nil), ("user", user != nil),
                ("password", password != nil),
            ] where isGiven { refuse("/\(key)", "stands in the url already; give one of the two") }
        }
        if (sslCertificate == nil) != (sslKey == nil) {
            refuse(
                sslCertificate == nil ? "/ssl_key" : "/ssl_certificate",
                "ssl_certificate and ssl_key go together; give both or none")
        }
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}

extension Check where Value == String {
    /// One that needs no quotes in SQL.
    fileprivate static var identifier: Check {
        Check("1 to 63 small letters, digits and _, not a digit first, and not pg_…") { name in
            (1...63).contains(name.utf8.count) && !name.hasPrefix("pg_")
                && name.utf8.enumerated().allSatisfy { index, byte in
                    (0x61...0x7A).contains(byte) || byte == 0x5F || index > 0 && (0x30...0x39).contains(byte)
                }
        }
    }
}
