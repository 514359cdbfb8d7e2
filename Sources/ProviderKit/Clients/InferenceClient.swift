import LlamaStackAPI

/// Typed calls to `inference` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)`` does,
/// and `modelNotFound` when the request's model does not exist. `options` are those beyond the draft, such as `seed`;
/// one that the provider does not have is refused with `unsupportedOption`.
public struct InferenceClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Continues a text and waits for all of it, whatever the request's `stream` says.
    public func completion(
        _ request: CompletionRequest, options: JSONObject = JSONObject()
    ) async throws -> CompletionResponse {
        var request = request
        request.stream = false
        return try await caller.answer(Inference.completion, Nothing(), request, options: options)
    }

    /// Continues a text as a stream, whatever the request's `stream` says. Leaving the loop cancels the call; errors
    /// come out of the loop.
    public func completionEvents(
        _ request: CompletionRequest, options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<CompletionResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(Inference.completion, Nothing(), request, options: options)
    }

    /// Answers a dialog and waits for all of it, whatever the request's `stream` says.
    public func chatCompletion(
        _ request: ChatCompletionRequest, options: JSONObject = JSONObject()
    ) async throws -> ChatCompletionResponse {
        var request = request
        request.stream = false
        return try await caller.answer(Inference.chatCompletion, Nothing(), request, options: options)
    }

    /// Answers a dialog as a stream, whatever the request's `stream` says. Leaving the loop cancels the call; errors
    /// come out of the loop.
    public func chatCompletionEvents(
        _ request: ChatCompletionRequest, options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<ChatCompletionResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(Inference.chatCompletion, Nothing(), request, options: options)
    }

    /// Continues several texts; the answers are in the request's order. One that fails fails all.
    public func batchCompletion(_ request: BatchCompletionRequest) async throws -> [CompletionResponse] {
        try await caller.answer(Inference.batchCompletion, Nothing(), request)
    }

    /// Answers several dialogs; the answers are in the request's order. One that fails fails all.
    public func batchChatCompletion(_ request: BatchChatCompletionRequest) async throws -> [ChatCompletionResponse] {
        try await caller.answer(Inference.batchChatCompletion, Nothing(), request)
    }

    /// The tokens of a dialog, as a chat with it would have them.
    public func countTokens(_ request: CountTokensRequest) async throws -> CountTokensResponse {
        try await caller.answer(Inference.countTokens, Nothing(), request)
    }

    /// A model's use and sizes. Throws `notImplemented` when the provider does not say.
    public func describeModel(_ model: String) async throws -> ModelDescription {
        try await caller.answer(Inference.describeModel, Nothing(), DescribeModelRequest(model: model))
    }

    /// One vector for each text, in the request's order. Throws `notImplemented` when the provider makes no embeddings.
    public func embeddings(_ request: EmbeddingsRequest) async throws -> EmbeddingsResponse {
        try await caller.answer(Inference.embeddings, Nothing(), request)
    }

    /// How probable each continuation is, in the request's order. Throws `notImplemented` when the provider scores no
    /// texts.
    public func score(_ request: ScoreRequest) async throws -> ScoreResponse {
        try await caller.answer(Inference.score, Nothing(), request)
    }
}
