import Storage

extension Store.Schema {
    /// The database of an instance. Ids are the caller's text in a column, and nothing else.
    ///
    /// A bank that was dropped has no uuid any more; the indexer deletes its rows a few at a time. A document's
    /// `revision` rises with every update, so that chunks of an older text are never stored. `state` is a
    /// ``DocumentState``. The full-text index holds a chunk's words and, as one more word, its bank. The words are
    /// those of the column `words`, or where that is null, of the text itself, which has the same. `bank_words` counts
    /// a bank's chunks and their tokens; `chunk_length` has what a search needs of each without its text. `words_state`
    /// has one row at most: the version of ``Words`` that chunks are indexed by, all but those with an id above `next`
    /// and up to `last`.
    ///
    /// A chunk's vector is there twice: at eight bits, to be read at the start, and exact (F32, little-endian), to rank
    /// what a search found. `embedding_due` lists the indexed documents with chunks that have none, also while there is
    /// no model; `embedding_model` has one row at most, the model that the vectors are of. `fetched` holds what a
    /// document's URL led to, from when it has come until it is cut. `is_slow` is a ``TextEffort``: documents that take
    /// long wait apart. Both kinds and `embedding_due` are read by banks, so that each has its turn. `reading` holds
    /// what is to be told of how a document was read, where there is something; it is of the document's present
    /// revision.
    static let memoryBanks = Store.Schema(
        name: "memory.sqlite", applicationID: "LSmb",
        steps: [
            (
                "1 banks, documents, chunks",
                """
                CREATE TABLE bank (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    uuid TEXT UNIQUE,
                    name TEXT NOT NULL,
                    documents INTEGER NOT NULL DEFAULT 0
                );
                CREATE TABLE document (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    bank INTEGER NOT NULL REFERENCES bank (id),
                    uuid TEXT NOT NULL,
                    revision INTEGER NOT NULL DEFAULT 1,
                    state INTEGER NOT NULL DEFAULT 0,
                    chunks INTEGER NOT NULL DEFAULT 0,
                    mime_type TEXT NOT NULL,
                    metadata BLOB NOT NULL,
                    checksum INTEGER NOT NULL,
                    content BLOB NOT NULL,
                    UNIQUE (bank, uuid)
                );
                CREATE INDEX document_state ON document (bank, state, chunks);
                CREATE INDEX document_pending ON document (id) WHERE state = 0;
                CREATE TABLE chunk (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    document INTEGER NOT NULL REFERENCES document (id),
                    position INTEGER NOT NULL,
                    first_byte INTEGER NOT NULL,
                    end_byte INTEGER NOT NULL,
                    tokens INTEGER NOT NULL,
                    scope TEXT NOT NULL,
                    text TEXT NOT NULL,
                    UNIQUE (document, position)
                );
                CREATE VIRTUAL TABLE chunk_word USING fts5 (
                    text, scope, content = 'chunk', content_rowid = 'id',
                    tokenize = 'porter unicode61 remove_diacritics 2'
                );
                CREATE TRIGGER chunk_added AFTER INSERT ON chunk BEGIN
                    INSERT INTO chunk_word (rowid, text, scope) VALUES (new.id, new.text, new.scope);
                END;
                CREATE TRIGGER chunk_deleted AFTER DELETE ON chunk BEGIN
                    INSERT INTO chunk_word (chunk_word, rowid, text, scope)
                        VALUES ('delete', old.id, old.text, old.scope);
                END;
                """
            ),
            (
                "2 vectors",
                """
                CREATE TABLE embedding_model (model TEXT NOT NULL);
                CREATE TABLE embedding_due (document INTEGER PRIMARY KEY);
                CREATE TABLE code (chunk INTEGER PRIMARY KEY, bank INTEGER NOT NULL, code BLOB NOT NULL);
                CREATE TABLE vector (chunk INTEGER PRIMARY KEY, vector BLOB NOT NULL);
                INSERT INTO embedding_due SELECT id FROM document WHERE state = 1 AND chunks > 0;
                CREATE TRIGGER document_indexed AFTER UPDATE OF state ON document BEGIN
                    DELETE FROM embedding_due WHERE document = new.id;
                    INSERT INTO embedding_due SELECT new.id WHERE new.state = 1 AND new.chunks > 0;
                END;
                CREATE TRIGGER document_deleted AFTER DELETE ON document BEGIN
                    DELETE FROM embedding_due WHERE document = old.id;
                END;
                CREATE TRIGGER chunk_vector_deleted AFTER DELETE ON chunk BEGIN
                    DELETE FROM code WHERE chunk = old.id;
                    DELETE FROM vector WHERE chunk = old.id;
                END;
                """
            ),
            ("3 remembered answers", RememberedAnswers.schema),
            (
                "4 texts from the network",
                """
                CREATE TABLE fetched (document INTEGER PRIMARY KEY, mime_type TEXT NOT NULL, content BLOB NOT NULL);
                CREATE INDEX document_remote ON document (id) WHERE state = 3;
                CREATE TRIGGER fetched_indexed AFTER UPDATE OF state ON document WHEN new.state <> 0 BEGIN
                    DELETE FROM fetched WHERE document = new.id;
                END;
                CREATE TRIGGER fetched_replaced AFTER UPDATE OF revision ON document BEGIN
                    DELETE FROM fetched WHERE document = new.id;
                END;
                CREATE TRIGGER fetched_deleted AFTER DELETE ON document BEGIN
                    DELETE FROM fetched WHERE document = old.id;
                END;
                """
            ),
            (
                "5 how documents were read",
                """
                CREATE TABLE reading (
                    document INTEGER PRIMARY KEY,
                    reason TEXT,
                    encoding TEXT,
                    encoding_is_guess INTEGER NOT NULL
                );
                CREATE TRIGGER reading_replaced AFTER UPDATE OF revision ON document BEGIN
                    DELETE FROM reading WHERE document = new.id;
                END;
                CREATE TRIGGER reading_deleted AFTER DELETE ON document BEGIN
                    DELETE FROM reading WHERE document = old.id;
                END;
                UPDATE document SET state = CASE WHEN mime_type LIKE 'text/uri-list%' THEN 3 ELSE 0 END
                    WHERE state = 2;
                """
            ),
            (
                "6 words",
                """
                ALTER TABLE chunk ADD words TEXT;
                CREATE TABLE words_state (version INTEGER NOT NULL, next INTEGER NOT NULL, last INTEGER NOT NULL);
                CREATE TABLE bank_words (
                    bank INTEGER PRIMARY KEY, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL
                );
                CREATE INDEX chunk_length ON chunk (id, tokens, scope);
                INSERT INTO bank_words
                    SELECT CAST(substr(scope, 2) AS INTEGER), count(*), sum(tokens) FROM chunk INDEXED BY chunk_length
                    GROUP BY scope;
                CREATE TRIGGER bank_deleted AFTER DELETE ON bank BEGIN
                    DELETE FROM bank_words WHERE bank = old.id;
                END;
                DROP TRIGGER chunk_added;
                DROP TRIGGER chunk_deleted;
                CREATE TRIGGER chunk_added AFTER INSERT ON chunk BEGIN
                    INSERT INTO chunk_word (rowid, text, scope)
                        VALUES (new.id, coalesce(new.words, new.text), new.scope);
                    INSERT INTO bank_words VALUES (CAST(substr(new.scope, 2) AS INTEGER), 1, new.tokens)
                        ON CONFLICT (bank) DO UPDATE SET chunks = chunks + 1, tokens = tokens + new.tokens;
                END;
                CREATE TRIGGER chunk_deleted AFTER DELETE ON chunk BEGIN
                    INSERT INTO chunk_word (chunk_word, rowid, text, scope)
                        VALUES ('delete', old.id, coalesce(old.words, old.text), old.scope);
                    UPDATE bank_words SET chunks = chunks - 1, tokens = tokens - old.tokens
                        WHERE bank = CAST(substr(old.scope, 2) AS INTEGER);
                END;
                CREATE TRIGGER chunk_reworded AFTER UPDATE OF words ON chunk BEGIN
                    INSERT INTO chunk_word (chunk_word, rowid, text, scope)
                        VALUES ('delete', old.id, coalesce(old.words, old.text), old.scope);
                    INSERT INTO chunk_word (rowid, text, scope)
                        VALUES (new.id, coalesce(new.words, new.text), new.scope);
                END;
                """
            ),
            (
                "7 turns of banks",
                """
                ALTER TABLE document ADD COLUMN is_slow INTEGER NOT NULL DEFAULT 0;
                CREATE INDEX document_waiting ON document (is_slow, bank, id) WHERE state = 0;
                DROP INDEX document_pending;
                ALTER TABLE embedding_due ADD COLUMN bank INTEGER NOT NULL DEFAULT 0;
                UPDATE embedding_due SET bank = coalesce((SELECT bank FROM document WHERE id = document), 0);
                CREATE INDEX embedding_due_bank ON embedding_due (bank, document);
                DROP TRIGGER document_indexed;
                CREATE TRIGGER document_indexed AFTER UPDATE OF state ON document BEGIN
                    DELETE FROM embedding_due WHERE document = new.id;
                    INSERT INTO embedding_due (document, bank)
                        SELECT new.id, new.bank WHERE new.state = 1 AND new.chunks > 0;
                END;
                """
            ),
        ], prepare: KeywordScore.register)
}
