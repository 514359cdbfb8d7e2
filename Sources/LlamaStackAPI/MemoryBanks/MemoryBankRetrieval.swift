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
    public var bankUUIDs: [String]
    public var query: Content
    /// nil: the best that the provider has.
    public var mode: MemoryBankQueryMode?
    public var topK: Int
    public var tokensMax: Int
    public var filter: JSONObject

    public init(
        bankUUIDs: [String], query: Content, mode: MemoryBankQueryMode? = nil, topK: Int = 10, tokensMax: Int = 4096,
        filter: JSONObject = [:]
    ) {
        (self.bankUUIDs, self.query, self.mode) = (bankUUIDs, query, mode)
        (self.topK, self.tokensMax, self.filter) = (topK, tokensMax, filter)
    }

    public static let object = Object(
        "MemoryBankQueryRequest", Self.init,
        Field("bank_uuids", \.bankUUIDs, "The banks to search, 1 to 100."),
        Field("query", \.query, "What to find: text, or pieces of text."),
        Field("mode", \.mode, "vector, keyword or hybrid; absent: the best that the provider has."),
        Field(
            "top_k", \.topK, default: 10, check: Check("in 1...1000") { (1...1000).contains($0) },
            "So many chunks at most."),
        Field(
            "tokens_max", \.tokensMax, default: 4096, check: .atLeast(1),
            "So many tokens at most, all chunks together. A chunk that does not fit any more is left out."),
        Field(
            "filter", \.filter, default: [:],
            "Only documents whose metadata has these members: {\"year\": 2024}, or {\"year\": {\"gte\": 2020, \"lt\": 2025}, "
                + "\"author\": {\"in\": [\"a\", \"b\"]}, \"draft\": {\"ne\": true}}."))
}

/// A piece of a document that was found.
public struct MemoryBankChunk: WireRecord, Hashable {
    public var bankUUID: String
    public var documentUUID: String
    public var index: Int
    public var start: Int
    public var end: Int
    public var tokenCount: Int
    public var score: Double
    public var text: String
    public var metadata: JSONObject

    public init(
        bankUUID: String, documentUUID: String, index: Int, start: Int, end: Int, tokenCount: Int, score: Double,
        text: String, metadata: JSONObject
    ) {
        (self.bankUUID, self.documentUUID, self.index) = (bankUUID, documentUUID, index)
        (self.start, self.end, self.tokenCount) = (start, end, tokenCount)
        (self.score, self.text, self.metadata) = (score, text, metadata)
    }

    public static let object = Object(
        "MemoryBankChunk", Self.init,
        Field("bank_uuid", \.bankUUID, "The bank's id."),
        Field("document_uuid", \.documentUUID, "The document's id."),
        Field("index", \.index, "The chunk's place among the document's chunks, from 0."),
        Field("start", \.start, "Its first byte in the document's text (UTF-8)."),
        Field("end", \.end, "The byte after its last."),
        Field("token_count", \.tokenCount, "Its length in tokens, as the provider counts them."),
        Field("score", \.score, "Higher is better; comparable within one answer only."),
        Field("text", \.text, "What it says."),
        Field("metadata", \.metadata, "The document's."))
}

/// The chunks that were found, the best first.
public struct MemoryBankQueryResponse: WireRecord, Hashable {
    public var mode: MemoryBankQueryMode
    public var chunks: [MemoryBankChunk]

    public init(mode: MemoryBankQueryMode, chunks: [MemoryBankChunk]) { (self.mode, self.chunks) = (mode, chunks) }

    public static let object = Object(
        "MemoryBankQueryResponse", Self.init,
        Field("mode", \.mode, "How they were found."),
        Field("chunks", \.chunks, "The chunks, the best first."))
}

/// How far a bank is searchable.
public struct MemoryBankStatus: WireRecord, Hashable {
    public var bankUUID: String
    public var documents: Int
    public var pending: Int
    public var indexed: Int
    public var notIndexed: Int
    public var chunks: Int
    /// nil: the provider makes no embeddings.
    public var embeddingPending: Int?

    public init(
        bankUUID: String, documents: Int, pending: Int, indexed: Int, notIndexed: Int, chunks: Int,
        embeddingPending: Int? = nil
    ) {
        (self.bankUUID, self.documents, self.pending) = (bankUUID, documents, pending)
        (self.indexed, self.notIndexed, self.chunks) = (indexed, notIndexed, chunks)
        self.embeddingPending = embeddingPending
    }

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
                + "the provider makes none."))
}
