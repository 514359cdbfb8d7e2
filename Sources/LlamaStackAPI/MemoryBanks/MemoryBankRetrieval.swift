// Retrieval and its state: extensions, because the draft's banks can be filled and not searched.

/// How chunks are found.
public enum MemoryBankQueryMode: String, WireEnum {
    /// By meaning: nearest embeddings.
    case vector
    /// By words: BM25.
    case keyword
    /// Both, merged by their ranks.
    case hybrid
}

/// A search in one or more banks.
public struct MemoryBankQueryRequest: WireRecord, Hashable {
    /// The banks to search, 1 to 100. One that does not exist fails the query.
    public var bankUUIDs: [String]
    /// The text to find, not empty; pieces of an array are joined. Attachments are refused. A text without letters and
    /// digits is found by meaning alone.
    public var query: Content
    /// How to search. nil: the best that the provider has at that moment; the answer says which.
    public var mode: MemoryBankQueryMode?
    /// The most chunks of the answer, 1 to 1000; 10 by default.
    public var topK: Int
    /// The most tokens of all chunks together, at least 1; 4096 by default. A best chunk that is longer is cut at a
    /// sentence. Another that does not fit any more is left out, and a shorter one may follow.
    public var tokensMax: Int
    /// Conditions on the documents' metadata, all of which must hold; empty by default. A plain value asks for that
    /// value or an array that holds it; the operators are `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in`, `exists` and
    /// `not`; `and`, `or` and `not` stand in place of a key and nest. Each may begin with a `$`.
    public var filter: JSONObject

    /// The provider's best mode, ten chunks and 4096 tokens, without a filter, unless the arguments say otherwise.
    /// Checks nothing.
    public init(
        bankUUIDs: [String], query: Content, mode: MemoryBankQueryMode? = nil, topK: Int = 10, tokensMax: Int = 4096,
        filter: JSONObject = [:]
    ) {
        (self.bankUUIDs, self.query, self.mode) = (bankUUIDs, query, mode)
        (self.topK, self.tokensMax, self.filter) = (topK, tokensMax, filter)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankQueryRequest", Self.init,
        Field("bank_uuids", \.bankUUIDs, "The banks to search, 1 to 100."),
        Field("query", \.query, "What to find: text, or pieces of text."),
        Field("mode", \.mode, "vector, keyword or hybrid; absent: the best that the provider has."),
        Field(
            "top_k", \.topK, default: 10, check: .within(1...1000),
            "The maximum number of chunks."),
        Field(
            "tokens_max", \.tokensMax, default: 4096, check: .atLeast(1),
            "The maximum number of tokens, all chunks together. A best chunk that is longer is cut; another is left out."
        ),
        Field(
            "filter", \.filter, default: [:],
            "Only documents whose metadata has these members: {\"year\": 2024}, or {\"year\": {\"gte\": 2020, \"lt\": 2025}, "
                + "\"author\": {\"in\": [\"a\", \"b\"]}, \"draft\": {\"ne\": true}}, "
                + "or {\"or\": [{\"year\": 2024}, {\"not\": {\"draft\": true}}]}."))
}

/// A piece of a document that was found.
public struct MemoryBankChunk: WireRecord, Hashable {
    /// The bank that holds the document.
    public var bankUUID: String
    /// The document that the chunk is a part of.
    public var documentUUID: String
    /// The chunk's place among the document's chunks, from 0.
    public var index: Int
    /// Its first byte in the document's text (UTF-8): for a PDF, the text that was read from it.
    public var start: Int
    /// The byte after its last, in the same text.
    public var end: Int
    /// Its length in tokens, as the provider counts them; an estimate need not be the model's count.
    public var tokenCount: Int
    /// How well it fits: higher is better. Comparable within one answer only.
    public var score: Double
    /// How well its words fit: BM25 over its bank alone. nil: it was not found by words.
    public var keywordScore: Double?
    /// How near its meaning is: the cosine of its embedding and the query's. nil: it was not found by meaning.
    public var vectorScore: Double?
    /// True when it is a part of the chunk, cut to what `tokens_max` allows. nil: it is the whole.
    public var isTruncated: Bool?
    /// The chunk's text.
    public var text: String
    /// The document's metadata.
    public var metadata: JSONObject

    /// Creates the record. Checks nothing.
    public init(
        bankUUID: String, documentUUID: String, index: Int, start: Int, end: Int, tokenCount: Int, score: Double,
        keywordScore: Double? = nil, vectorScore: Double? = nil, isTruncated: Bool? = nil, text: String,
        metadata: JSONObject
    ) {
        (self.bankUUID, self.documentUUID, self.index) = (bankUUID, documentUUID, index)
        (self.start, self.end, self.tokenCount) = (start, end, tokenCount)
        (self.score, self.keywordScore, self.vectorScore) = (score, keywordScore, vectorScore)
        (self.isTruncated, self.text, self.metadata) = (isTruncated, text, metadata)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankChunk", Self.init,
        Field("bank_uuid", \.bankUUID, "The bank's id."),
        Field("document_uuid", \.documentUUID, "The document's id."),
        Field("index", \.index, "The chunk's place among the document's chunks, from 0."),
        Field("start", \.start, "Its first byte in the document's text (UTF-8)."),
        Field("end", \.end, "The byte after its last."),
        Field("token_count", \.tokenCount, "Its length in tokens, as the provider counts them."),
        Field("score", \.score, "Higher is better; comparable within one answer only."),
        Field("keyword_score", \.keywordScore, "How well its words fit; absent: it was not found by words."),
        Field("vector_score", \.vectorScore, "How near its meaning is; absent: it was not found by meaning."),
        Field("truncated", \.isTruncated, "True: it is a part of the chunk, cut to tokens_max."),
        Field("text", \.text, "What it says."),
        Field("metadata", \.metadata, "The document's."))
}

/// The chunks that were found, the best first.
public struct MemoryBankQueryResponse: WireRecord, Hashable {
    /// How they were found; the request's mode when it named one, unless the query has no words.
    public var mode: MemoryBankQueryMode
    /// The chunks, the best first, within the request's limits.
    public var chunks: [MemoryBankChunk]

    /// Creates the record. Checks nothing.
    public init(mode: MemoryBankQueryMode, chunks: [MemoryBankChunk]) { (self.mode, self.chunks) = (mode, chunks) }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankQueryResponse", Self.init,
        Field("mode", \.mode, "How they were found."),
        Field("chunks", \.chunks, "The chunks, the best first."))
}

/// How far a bank is searchable.
public struct MemoryBankStatus: WireRecord, Hashable {
    /// The bank that the counts are about.
    public var bankUUID: String
    /// All documents in the bank: the sum of the next three.
    public var documents: Int
    /// Documents that are not yet cut into chunks; a query does not see them.
    public var pending: Int
    /// Documents that queries see.
    public var indexed: Int
    /// Documents without text that this provider can read: kept, and not searched.
    public var notIndexed: Int
    /// Chunks of the indexed documents.
    public var chunks: Int
    /// Indexed documents that are found by their words only until their chunks have vectors. nil: the provider makes no
    /// embeddings.
    public var embeddingPending: Int?
    /// The documents that the query names, in its order; those that the bank does not have are left out. nil: it names
    /// none.
    public var documentStatus: [MemoryBankDocumentStatus]?

    /// Creates the record, for a provider without embeddings unless a count is given. Checks nothing.
    public init(
        bankUUID: String, documents: Int, pending: Int, indexed: Int, notIndexed: Int, chunks: Int,
        embeddingPending: Int? = nil, documentStatus: [MemoryBankDocumentStatus]? = nil
    ) {
        (self.bankUUID, self.documents, self.pending) = (bankUUID, documents, pending)
        (self.indexed, self.notIndexed, self.chunks) = (indexed, notIndexed, chunks)
        (self.embeddingPending, self.documentStatus) = (embeddingPending, documentStatus)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankStatus", Self.init,
        Field("bank_uuid", \.bankUUID, "The bank's id."),
        Field("documents", \.documents, "Documents in the bank."),
        Field("pending", \.pending, "Of these, those that are not yet cut into chunks; a query does not see them."),
        Field("indexed", \.indexed, "Of these, those that queries see."),
        Field(
            "not_indexed", \.notIndexed, "Of these, those that hold no text this provider can read: kept, not searched."
        ),
        Field("chunks", \.chunks, "Chunks of the indexed documents."),
        Field(
            "embedding_pending", \.embeddingPending,
            "Of the indexed documents, those that are found by their words only until their chunks have vectors; absent where "
                + "the provider makes none."),
        Field(
            "document_status", \.documentStatus,
            "The documents that the request names, in its order; those that the bank does not have are left out. Absent "
                + "where it names none."))
}

/// How far a document is searchable.
public enum MemoryBankDocumentState: String, WireEnum {
    /// It is not yet cut into chunks, or its text is to be fetched.
    case pending
    /// Queries see it.
    case indexed
    /// It was read, and holds no words: a scanned page, an empty file.
    case noText = "no_text"
    /// It is broken, locked, or takes its parser too long.
    case unreadable
    /// It is in no encoding that is known.
    case unknownEncoding = "unknown_encoding"
    /// Documents of its media type are not read here.
    case unsupportedType = "unsupported_type"
    /// It, or its text, is larger than a limit.
    case tooLarge = "too_large"
    /// It is a URL, and what it names could not be had.
    case fetchFailed = "fetch_failed"
}

/// How far one document is searchable, and why it is not.
public struct MemoryBankDocumentStatus: WireRecord, Hashable {
    /// The document's id.
    public var uuid: String
    /// How far it is searchable.
    public var state: MemoryBankDocumentState
    /// Why it is not. nil while it is pending or when it is indexed.
    public var reason: String?
    /// Its chunks; 0 unless it is indexed.
    public var chunks: Int
    /// The encoding of its text, by the Encoding Standard's name. nil: UTF-8, or a format without an encoding of its
    /// own.
    public var encoding: String?
    /// Whether nothing said so, and its bytes look like it. nil: no.
    public var encodingIsGuess: Bool?

    /// Creates the record. Checks nothing.
    public init(
        uuid: String, state: MemoryBankDocumentState, reason: String? = nil, chunks: Int = 0, encoding: String? = nil,
        encodingIsGuess: Bool? = nil
    ) {
        (self.uuid, self.state, self.reason, self.chunks) = (uuid, state, reason, chunks)
        (self.encoding, self.encodingIsGuess) = (encoding, encodingIsGuess)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "MemoryBankDocumentStatus", Self.init,
        Field("uuid", \.uuid, "The document's id."),
        Field("state", \.state, "How far it is searchable; all but pending and indexed are kept and not searched."),
        Field("reason", \.reason, "Why it is not searched; absent where it is, or will be."),
        Field("chunks", \.chunks, "Its chunks; 0 unless it is indexed."),
        Field(
            "encoding", \.encoding,
            "What its text was in, by the Encoding Standard's name; absent for UTF-8 and for what has none of its own."),
        Field(
            "encoding_is_guess", \.encodingIsGuess,
            "true where neither the document nor its media type says so: its bytes look like it."))
}
