// Embeddings: an extension, because the draft can store documents and not say what they are like.

/// The treatment of a text that is longer than the model takes.
public enum TextTruncation: String, WireEnum {
    /// It is refused.
    case none
    /// Its start is cut off.
    case start
    /// Its end is cut off.
    case end
}

/// Texts to turn into vectors: all are answered, in order, or none.
public struct EmbeddingsRequest: WireRecord, Hashable {
    /// The id or alias of an embedding model: 1 to 200 bytes without control characters.
    public var model: String
    /// The texts, at most ``contentsMax``; the pieces of one text stand in an array of their own. An empty list has an
    /// empty answer.
    public var contents: [Content]
    /// The treatment of texts that are too long. By default one of them fails the request.
    public var textTruncation: TextTruncation

    /// Refuses texts that are too long unless another treatment is given. Limits are checked by decoding alone.
    public init(model: String, contents: [Content], textTruncation: TextTruncation = .none) {
        (self.model, self.contents, self.textTruncation) = (model, contents, textTruncation)
    }

    /// The most texts of one request.
    public static let contentsMax = 2048

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "EmbeddingsRequest", Self.init,
        Field("model", \.model, check: .identifier, "The embedding model to use."),
        Field(
            "contents", \.contents,
            check: .atMost(contentsMax, "texts"),
            "The texts, at most \(contentsMax); pieces of one text in an array of their own."),
        Field(
            "text_truncation", \.textTruncation, default: .none,
            "What becomes of a text that is longer than the model takes: none refuses it, start and end cut off that end."
        ))
}

/// One vector for each text, in order.
public struct EmbeddingsResponse: WireRecord, Hashable {
    /// A vector for each text, in the request's order, of length 1: dot products are cosine similarities. All have the
    /// model's dimension.
    public var embeddings: [[Float]]

    /// The tokens of the texts. Only for a caller with the option `extended`.
    public var usage: TokenUsage?

    /// Creates the record. Checks nothing.
    public init(embeddings: [[Float]], usage: TokenUsage? = nil) { (self.embeddings, self.usage) = (embeddings, usage) }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "EmbeddingsResponse", Self.init,
        Field("embeddings", \.embeddings, "The vectors, of length 1: their dot products are cosine similarities."),
        Field(extended: "usage", \.usage, "The tokens of the texts."))
}
