// What answers tell beyond the draft, to a caller with the option `extended`.

/// The tokens that an answer took.
public struct TokenUsage: WireRecord, Hashable {
    /// The prompt's, template and all.
    public var promptTokens: Int
    /// Those of the prompt that an earlier request had, and that were not computed again.
    public var cachedTokens: Int
    /// The generated ones, the one that ended the answer among them.
    public var completionTokens: Int

    /// Creates the record. Checks nothing.
    public init(promptTokens: Int, cachedTokens: Int = 0, completionTokens: Int) {
        (self.promptTokens, self.cachedTokens, self.completionTokens) = (promptTokens, cachedTokens, completionTokens)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "TokenUsage", isComponent: false, Self.init(promptTokens:cachedTokens:completionTokens:),
        Field("prompt_tokens", \.promptTokens, "The tokens of the prompt."),
        Field("cached_tokens", \.cachedTokens, default: 0, "Of the prompt's, those that were not computed again."),
        Field("completion_tokens", \.completionTokens, "The tokens that were generated."))
}

/// More about a chunk than the draft says.
public struct GenerationDetails: WireRecord, Hashable {
    /// With the option `n`: which of the answers the chunk belongs to, from 0. nil: the first.
    public var index: Int?
    /// In an answer's last chunk: the tokens that it took.
    public var usage: TokenUsage?
    /// In an answer's last chunk: the text of the option `stop` that ended it.
    public var stopSequence: String?

    /// Nothing more unless it is given.
    public init(index: Int? = nil, usage: TokenUsage? = nil, stopSequence: String? = nil) {
        (self.index, self.usage, self.stopSequence) = (index, usage, stopSequence)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "GenerationDetails", isComponent: false, Self.init(index:usage:stopSequence:),
        Field(extended: "index", \.index, "Which of several answers the chunk belongs to."),
        Field(extended: "usage", \.usage, "The tokens that the answer took."),
        Field(extended: "stop_sequence", \.stopSequence, "The text at which the answer ended."))
}

/// A token and the natural logarithm of its probability under the model, before any of the sampling parameters.
public struct TokenLogprob: WireRecord, Hashable {
    /// Its text; U+FFFD stands for a part of a character.
    public var token: String
    /// Its bytes.
    public var bytes: [Int]
    /// The natural logarithm of its probability.
    public var logprob: Float
    /// With the option `top_logprobs`: the likeliest tokens in its place, likeliest first.
    public var top: [TokenLogprob]

    /// Creates the record. Checks nothing.
    public init(token: String, bytes: [Int], logprob: Float, top: [TokenLogprob] = []) {
        (self.token, self.bytes, self.logprob, self.top) = (token, bytes, logprob, top)
    }

    /// The record's fields, for decoding, encoding and the schema, which says of `top` that it is a list alone: its
    /// items are such records.
    public static let object = Object(
        "TokenLogprob", isComponent: false, { TokenLogprob(token: $0, bytes: $1, logprob: $2, top: $3.items) },
        Field("token", \.token, "The token's text."),
        Field("bytes", \.bytes, "Its bytes."),
        Field("logprob", \.logprob, "The natural logarithm of its probability."),
        Field("top", \.topList, default: Tops(items: []), "The likeliest tokens in its place."))

    private var topList: Tops { Tops(items: top) }

    /// A list whose schema does not go round in a circle.
    private struct Tops: WireValue {
        var items: [TokenLogprob]
        static var schema: Schema { .array(.object) }
        var json: JSON { items.json }
        func measure(_ bytesLeft: inout Int) { items.measure(&bytesLeft) }
        init(items: [TokenLogprob]) { self.items = items }
        init(json: JSON, at path: FieldPath) throws { items = try [TokenLogprob](json: json, at: path) }
    }
}
