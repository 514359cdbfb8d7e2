// Scores of given texts: an extension. The draft lets a caller see the log probabilities of what a model wrote, and has
// no way to ask for those of a text that it did not write.

/// Texts whose probability after one dialog or text is asked for: all are answered, in order, or none.
public struct ScoreRequest: WireRecord, Hashable {
    /// The id or alias of the model.
    public var model: String
    /// The dialog that the continuations answer; nil when ``content`` is given.
    public var dialog: Dialog?
    /// The text that the continuations go on from; nil when ``dialog`` is given.
    public var content: Content?
    /// The texts to score, at most ``continuationsMax``. An empty list has an empty answer.
    public var continuations: [Content]

    /// Replies to a dialog. Limits are checked by decoding alone.
    public init(model: String, dialog: Dialog, continuations: [Content]) {
        self.init(model: model, dialog: dialog, content: nil, continuations: continuations)
    }

    /// Texts that go on from a text. Limits are checked by decoding alone.
    public init(model: String, content: Content, continuations: [Content]) {
        self.init(model: model, dialog: nil, content: content, continuations: continuations)
    }

    private init(model: String, dialog: Dialog?, content: Content?, continuations: [Content]) {
        (self.model, self.dialog, self.content, self.continuations) = (model, dialog, content, continuations)
    }

    /// The most continuations of one request.
    public static let continuationsMax = 64

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ScoreRequest",
        { ScoreRequest(model: $0, dialog: $1, content: $2, continuations: $3) },
        Field("model", \.model, check: .identifier, "The model to use."),
        Field(
            "dialog", \.dialog,
            "The dialog that the continuations answer: each is scored as the reply, with the token that ends its turn. "
                + "Either this or content."),
        Field(
            "content", \.content,
            "The text that the continuations go on from: each is scored as it stands, without an end. Either this or "
                + "dialog."),
        Field(
            "continuations", \.continuations,
            check: .atMost(continuationsMax, "texts"),
            "The texts to score, at most \(continuationsMax)."))

    /// The beginning that the continuations follow.
    public enum Beginning: Sendable, Hashable {
        /// A dialog, which they answer.
        case dialog(Dialog)
        /// A text, which they go on from.
        case content(Content)
    }

    /// The one of ``dialog`` and ``content`` that is there. Throws a ``WireError`` when none is, or both are.
    public func beginning() throws -> Beginning {
        switch (dialog, content) {
        case (let dialog?, nil): return .dialog(dialog)
        case (nil, let content?): return .content(content)
        case (nil, nil):
            throw WireError(
                FieldPath.root["dialog"],
                "is missing: give the dialog that the continuations answer, or the content that they go on from")
        case (_?, _?):
            throw WireError(
                FieldPath.root["content"],
                "must be left out where there is a dialog: the continuations follow one of the two")
        }
    }
}

/// One continuation's probability.
public struct ContinuationScore: WireRecord, Hashable {
    /// The natural logarithm of the probability of the whole continuation: the sum of its tokens'.
    public var logprob: Double
    /// `tokens` and `token_logprobs`, lists of equal length, as in a completion.
    public var logprobs: JSONObject

    /// Creates the record. Checks nothing.
    public init(logprob: Double, logprobs: JSONObject) { (self.logprob, self.logprobs) = (logprob, logprobs) }

    /// The logarithm of the probability of each token; empty where ``logprobs`` has no list of numbers.
    public var tokenLogprobs: [Double] {
        guard case .array(let values)? = logprobs["token_logprobs"] else { return [] }
        return values.compactMap { (try? Double(json: $0, at: .root)) }
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ContinuationScore", Self.init,
        Field("logprob", \.logprob, "The natural logarithm of the continuation's probability: the sum of its tokens'."),
        Field("logprobs", \.logprobs, "tokens, and token_logprobs: the natural logarithm of each one's probability."))
}

/// One score for each continuation, in order.
public struct ScoreResponse: WireRecord, Hashable {
    /// A score for each continuation, in the request's order.
    public var scores: [ContinuationScore]

    /// Creates the record. Checks nothing.
    public init(scores: [ContinuationScore]) { self.scores = scores }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ScoreResponse", Self.init,
        Field("scores", \.scores, "One for each continuation, in the request's order."))
}
