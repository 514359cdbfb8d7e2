// The description of a model: an extension, because the draft's requests name models and nothing says what one can do.

/// Asks what a model is.
public struct DescribeModelRequest: WireRecord, Hashable {
    /// The id or alias of the model.
    public var model: String

    /// Creates the record. Checks nothing.
    public init(model: String) { self.model = model }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "DescribeModelRequest", Self.init, Field("model", \.model, check: .identifier, "The model to describe."))
}

/// The use of a model.
public enum ModelPurpose: String, WireEnum {
    /// It writes text.
    case generation
    /// It turns texts into vectors.
    case embedding
}

/// A model's use and sizes.
public struct ModelDescription: WireRecord, Hashable {
    /// Whether it writes text or makes vectors.
    public var purpose: ModelPurpose
    /// The most tokens of prompt and answer together, or of one text to embed; nil: the provider does not say.
    public var contextTokensMax: Int?
    /// The numbers in each of its vectors; nil where it makes none.
    public var embeddingDimension: Int?

    /// Creates the record. Checks nothing.
    public init(purpose: ModelPurpose, contextTokensMax: Int? = nil, embeddingDimension: Int? = nil) {
        (self.purpose, self.contextTokensMax) = (purpose, contextTokensMax)
        self.embeddingDimension = embeddingDimension
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ModelDescription", Self.init,
        Field("purpose", \.purpose, "Whether it writes text or turns texts into vectors."),
        Field(
            "context_tokens_max", \.contextTokensMax,
            "The most tokens of prompt and answer together, or of one text to embed."),
        Field("embedding_dimension", \.embeddingDimension, "The numbers in each of its vectors."))
}
