import Postgres
import ProviderKit

extension DatabaseSchema {
    /// - Parameter hasVectors: whether pgvector is needed.
    static func memoryBanks(hasVectors: Bool) -> DatabaseSchema {
        DatabaseSchema(
            lock: "LSmb", steps: steps,
            prepare: { if hasVectors { try makeExtension($0, $1) } },
            foresee: { try hasVectors && !hasExtension($0, $1) ? ["add pgvector to the database"] : [] })
    }

    private static func makeExtension(_ session: Session, _ place: SchemaPlace) throws {
        if try extensionVersion(session) == nil {
            try step(noExtensionAdvice(place)) {
                try session.run(script: "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
            }
        }
        try checkExtension(try extensionVersion(session) ?? "")
    }

    /// False when a start may add it; throws when it may not. Reads alone.
    private static func hasExtension(_ session: Session, _ place: SchemaPlace) throws -> Bool {
        if let version = try extensionVersion(session) {
            try checkExtension(version)
            return true
        }
        let mayAdd = try session.run(
            """
            SELECT coalesce(bool_or(rolsuper OR (trusted OR NOT superuser)
                AND has_database_privilege(current_database(), 'CREATE')), false)
            FROM pg_available_extension_versions, pg_roles WHERE name = 'vector' AND rolname = current_user
            """
        ).first?.bool(0)
        guard mayAdd == true else { throw ProviderError(.invalidConfig, noExtensionAdvice(place)) }
        return false
    }

    private static func noExtensionAdvice(_ place: SchemaPlace) -> String {
        "pgvector is not in the database, and \(place.who) may not add it; an administrator can: CREATE EXTENSION vector"
    }

    /// nil when pgvector is not in the database.
    private static func extensionVersion(_ session: Session) throws -> String? {
        try session.run("SELECT extversion FROM pg_extension WHERE extname = 'vector'").first?.text(0)
    }

    private static func checkExtension(_ found: String) throws {
        guard !["0.1", "0.2", "0.3", "0.4"].contains(where: { found == $0 || found.hasPrefix($0 + ".") }) else {
            throw ProviderError(
                .invalidConfig, "pgvector must be 0.5 or newer, and is \(found); ALTER EXTENSION vector UPDATE")
        }
    }

    /// Never changed once released: a step more is added at the end.
    ///
    /// A bank that was dropped has no uuid any more; the indexer deletes its rows a few at a time. Its documents are
    /// counted in parts, so that writers of one bank do not wait for each other. A document's `state` is a
    /// `DocumentState`; its metadata is there as it was sent, and as jsonb, in which a filter looks first: numbers as
    /// doubles, texts without U+0000. Texts of chunks are bytes, because text has no U+0000. `words` holds the stems
    /// of a chunk's words and, as one more word, its bank. `words_state` has one row: the version of ``Words`` that
    /// chunks are indexed by, all but those with an id above `next` and up to `last`.
    ///
    /// Vectors of each model are in a table `vector_` and its number; `embedding_due` lists the documents that wait for
    /// some, and until when a host works at them. A document that is a URL is fetched by one host, no sooner than
    /// `fetch_after`; `revision` rises with every update, so that a text is not stored that an older URL led to.
    /// `fetched` holds such a text until it is cut. `is_slow` is a `TextEffort`; a slow document is cut by one host, no
    /// sooner than `fetch_after`. `reason` and `encoding` are what is to be told of how the present revision was read.
    ///
    /// `connection_commits` is what a lost commit is looked up in.
    private static let steps: [(name: String, sql: String)] = [
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
        ),
        (
            "texts from the network",
            """
            ALTER TABLE document ADD revision bigint NOT NULL DEFAULT 1,
                ADD fetch_after timestamptz NOT NULL DEFAULT '-infinity';
            CREATE INDEX document_remote ON document (id) WHERE state = 3;
            CREATE TABLE fetched (
                document bigint PRIMARY KEY REFERENCES document ON DELETE CASCADE,
                mime_type text NOT NULL,
                content bytea NOT NULL
            );
            ALTER TABLE fetched ALTER content SET STORAGE EXTERNAL;
            """
        ),
        (
            "how documents were read",
            """
            ALTER TABLE document ADD reason text, ADD encoding text,
                ADD encoding_is_guess boolean NOT NULL DEFAULT false;
            UPDATE document SET state = CASE WHEN mime_type LIKE 'text/uri-list%' THEN 3 ELSE 0 END WHERE state = 2;
            """
        ),
        (
            "words",
            """
            CREATE TABLE words_state (version integer NOT NULL, next bigint NOT NULL, last bigint NOT NULL);
            INSERT INTO words_state VALUES (0, 0, 0);
            """
        ),
        (
            "turns of banks",
            """
            ALTER TABLE document ADD is_slow boolean NOT NULL DEFAULT false;
            CREATE INDEX document_waiting ON document (is_slow, bank, id) WHERE state = 0;
            DROP INDEX document_pending;
            UPDATE document SET fetch_after = '-infinity' WHERE state = 0 AND fetch_after > now();
            ALTER TABLE embedding_due ADD bank bigint;
            UPDATE embedding_due SET bank = document.bank FROM document WHERE document.id = embedding_due.document;
            ALTER TABLE embedding_due ALTER bank SET NOT NULL;
            CREATE INDEX embedding_due_bank ON embedding_due (model, bank, document);
            """
        ),
        (
            "counts of commits",
            """
            CREATE TABLE connection_commits (
                connection text COLLATE "C" PRIMARY KEY,
                count bigint NOT NULL DEFAULT 0,
                used_at timestamptz NOT NULL DEFAULT now()
            ) WITH (fillfactor = 50);
            """
        ),
    ]
}
