import Postgres
import ProviderKit

/// Brings a schema to today's form, one host at a time.
enum Migrations {
    /// For `pg_advisory_xact_lock`: "LSmb".
    private static let lock: Int64 = 0x4C53_6D62

    /// Our schema, then the one that pgvector is in, whose operators have no other name.
    static func searchPath(_ schema: String) -> (sql: String, values: [Value]) {
        (
            """
            SELECT set_config('search_path', $1::text || coalesce((
                SELECT ', ' || quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
                WHERE extname = 'vector'), ''), false)
            """, [.text(schema)]
        )
    }

    /// Throws what is wrong with the database, and what to do about it.
    static func run(_ session: Session, schema: String, needsVectors: Bool) throws {
        try session.run("SELECT pg_advisory_xact_lock($1)", .int(lock))
        let place = try SchemaPlace(session, schema)
        try step(place.noSchemaAdvice) {
            if !place.hasSchema { try session.run(composed: "CREATE SCHEMA \(schema)") }
        }
        if needsVectors { try makeExtension(session, place) }
        let path = searchPath(schema)
        try session.run(composed: path.sql, path.values)
        try step(place.noTablesAdvice) { try migrate(session, schema) }
    }

    private static func makeExtension(_ session: Session, _ place: SchemaPlace) throws {
        if try extensionVersion(session) == nil {
            try step(place.noExtensionAdvice) {
                try session.run(script: "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
            }
        }
        try checkExtension(try extensionVersion(session) ?? "")
    }

    /// nil when pgvector is not in the database.
    static func extensionVersion(_ session: Session) throws -> String? {
        try session.run("SELECT extversion FROM pg_extension WHERE extname = 'vector'").first?.text(0)
    }

    static func checkExtension(_ found: String) throws {
        guard !["0.1", "0.2", "0.3", "0.4"].contains(where: { found == $0 || found.hasPrefix($0 + ".") }) else {
            throw ProviderError(
                .invalidConfig, "pgvector must be 0.5 or newer, and is \(found); ALTER EXTENSION vector UPDATE")
        }
    }

    private static func migrate(_ session: Session, _ schema: String) throws {
        try session.run(
            script: """
                CREATE TABLE IF NOT EXISTS schema_version (
                    version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        let version = Int(try session.run("SELECT coalesce(max(version), 0) FROM schema_version").first?.int(0) ?? 0)
        try checkVersion(version, schema)
        for (index, step) in steps.enumerated().dropFirst(version) {
            try session.run(script: step.sql)
            try session.run(
                "INSERT INTO schema_version (version, name) VALUES ($1, $2)", .int(Int64(index + 1)), .text(step.name))
        }
    }

    static func checkVersion(_ version: Int, _ schema: String) throws {
        guard version <= steps.count else {
            throw ProviderError(
                .invalidConfig,
                "the schema '\(schema)' has the form \(version), of a newer llama-stack; this one knows \(steps.count)")
        }
    }

    /// An error of the server becomes one of the configuration, with advice.
    static func step<Result>(_ advice: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as PostgresError where error.isRefusal {
            throw ProviderError(.invalidConfig, "\(advice) (\(error))")
        }
    }
}

extension Migrations {
    /// Never changed once released: a step more is added at the end.
    ///
    /// A bank that was dropped has no uuid any more; the indexer deletes its rows a few at a time. Its documents are
    /// counted in parts, so that writers of one bank do not wait for each other. A document's `state` is a
    /// `DocumentState`; its metadata is there as it was sent, and as jsonb, in which a filter looks first: numbers as
    /// doubles, texts without U+0000. Texts of chunks are bytes, because text has no U+0000. `words` holds the stems
    /// of a chunk's words and, as one more word, its bank.
    ///
    /// Vectors of each model are in a table `vector_` and its number; `embedding_due` lists the documents that wait for
    /// some, and until when a host works at them.
    static let steps: [(name: String, sql: String)] = [
        (
            "banks, documents, chunks",
            """
            CREATE TABLE bank (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                uuid text COLLATE "C" UNIQUE,
                name text NOT NULL
            );
            CREATE TABLE bank_part (
                bank bigint NOT NULL REFERENCES bank ON DELETE CASCADE,
                part integer NOT NULL,
                documents bigint NOT NULL,
                PRIMARY KEY (bank, part)
            ) WITH (fillfactor = 50);
            CREATE TABLE document (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                bank bigint NOT NULL REFERENCES bank,
                uuid text COLLATE "C" NOT NULL,
                state integer NOT NULL,
                chunks integer NOT NULL DEFAULT 0,
                mime_type text NOT NULL,
                metadata bytea NOT NULL,
                filterable jsonb NOT NULL,
                checksum bigint NOT NULL,
                content bytea NOT NULL,
                UNIQUE (bank, uuid)
            );
            ALTER TABLE document ALTER content SET STORAGE EXTERNAL;
            CREATE INDEX document_state ON document (bank, state, chunks);
            CREATE INDEX document_pending ON document (id) WHERE state = 0;
            CREATE INDEX document_filterable ON document USING gin (filterable jsonb_path_ops);
            CREATE TEXT SEARCH DICTIONARY stem (TEMPLATE = snowball, Language = 'english');
            CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
            ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword, word, numword WITH stem;
            CREATE TABLE chunk (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                document bigint NOT NULL REFERENCES document ON DELETE CASCADE,
                bank bigint NOT NULL,
                position integer NOT NULL,
                first_byte bigint NOT NULL,
                end_byte bigint NOT NULL,
                tokens integer NOT NULL,
                text bytea NOT NULL,
                words tsvector NOT NULL,
                UNIQUE (document, position)
            );
            CREATE INDEX chunk_words ON chunk USING gin (words);
            CREATE TABLE embedding_model (
                id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE "C" NOT NULL UNIQUE,
                dimensions integer
            );
            CREATE TABLE embedding_due (
                model integer NOT NULL REFERENCES embedding_model ON DELETE CASCADE,
                document bigint NOT NULL REFERENCES document ON DELETE CASCADE,
                leased_until timestamptz NOT NULL DEFAULT '-infinity',
                PRIMARY KEY (model, document)
            );
            CREATE INDEX embedding_due_document ON embedding_due (document);
            CREATE TABLE remembered_answer (
                id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
                principal text COLLATE "C" NOT NULL,
                key text COLLATE "C" NOT NULL,
                method text NOT NULL,
                fingerprint bigint NOT NULL,
                answer bytea,
                created_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (principal, key)
            );
            CREATE INDEX remembered_answer_created ON remembered_answer (created_at);
            """
        )
    ]
}
