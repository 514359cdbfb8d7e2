// The tokens of a dialog: an extension, because a client can't know how a model's template writes one.

/// A dialog whose tokens are to be counted, as a chat with it would have them.
public struct CountTokensRequest: WireRecord, Hashable {
    /// The id or alias of the model.
    public var model: String
    /// The message to answer and the messages before it.
    public var dialog: Dialog
    /// The tools that the model would be told of; none by default.
    public var availableTools: [ToolDefinition]

    /// Counts without tools unless they are given.
    public init(model: String, dialog: Dialog, availableTools: [ToolDefinition] = []) {
        (self.model, self.dialog, self.availableTools) = (model, dialog, availableTools)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "CountTokensRequest", Self.init,
        Field("model", \.model, check: .identifier, "The model to use."),
        Field("dialog", \.dialog, "What was said so far."),
        Field("available_tools", \.availableTools, default: [], "The tools that the model may call."))
}

/// The size of a prompt.
public struct CountTokensResponse: WireRecord, Hashable {
    /// The tokens of the prompt: the template's too, up to the answer's first.
    public var tokens: Int
    /// The most tokens of prompt and answer together; nil: the provider does not say.
    public var contextTokensMax: Int?

    /// Creates the record. Checks nothing.
    public init(tokens: Int, contextTokensMax: Int? = nil) {
        (self.tokens, self.contextTokensMax) = (tokens, contextTokensMax)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "CountTokensResponse", Self.init,
        Field("tokens", \.tokens, "The tokens of the prompt."),
        Field("context_tokens_max", \.contextTokensMax, "The most tokens of prompt and answer together."))
}
