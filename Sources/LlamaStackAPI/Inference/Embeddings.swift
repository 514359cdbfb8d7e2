// Embeddings: an extension, because the draft can store documents and not say what they are like.

/// What becomes of a text that is longer than the model takes.
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
    public var model: String
    public var contents: [Content]
    public var textTruncation: TextTruncation

    public init(model: String, contents: [Content], textTruncation: TextTruncation = .none) {
        (self.model, self.contents, self.textTruncation) = (model, contents, textTruncation)
    }

    /// Texts of one request.
    public static let contentsMax = 2048

    public static let object = Object(
        "EmbeddingsRequest", Self.init,
        Field("model", \.model, check: .identifier, "The embedding model to use."),
        Field(
            "contents", \.contents,
            check: Check("at most \(contentsMax) texts", showing: \.count) { $0.count <= contentsMax },
            "The texts, at most \(contentsMax); pieces of one text in an array of their own."),
        Field(
            "text_truncation", \.textTruncation, default: .none,
            "What becomes of a text that is longer than the model takes: none refuses it, start and end cut off that end."
        ))
}

/// One vector for each text, in order.
public struct EmbeddingsResponse: WireRecord, Hashable {
    public var embeddings: [[Float]]

    public init(embeddings: [[Float]]) { self.embeddings = embeddings }

    public static let object = Object(
        "EmbeddingsResponse", Self.init,
        Field("embeddings", \.embeddings, "The vectors, of length 1: their dot products are cosine similarities."))
}
