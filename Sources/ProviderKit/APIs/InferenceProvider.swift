import LlamaStackAPI

/// A provider of `inference`. Write the two methods that stream: whole answers and batches follow from them, and can be
/// written too where the provider has a better way (log probabilities of a chat answer need it: its chunks have no
/// place for them).
public protocol InferenceProvider: Provider {
    /// Continues a text and sends the pieces as they come. Ends with a chunk that has an empty text and the stop
    /// reason.
    ///
    /// Throw `modelNotFound` when ``Call/resource`` is not a model that is registered here, and `contextLengthExceeded`
    /// when the prompt, or the prompt with `maxTokens`, does not fit its context. An error that is thrown after the
    /// first chunk ends the stream as an error event. When the call is cancelled or the reader leaves, `send` throws
    /// `CancellationError`: stop computing and let it pass.
    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws

    /// Answers a dialog and sends the pieces as they come. Ends with a chunk that has an empty text and the stop
    /// reason. A tool call is a chunk of its own with an empty text.
    ///
    /// Errors, cancellation and a reader that leaves: as for ``completion(_:_:streamingTo:)``. Log probabilities are
    /// not sent, even when the request asks for them, because a chunk has no field for them.
    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws

    /// Continues a text and answers it whole.
    ///
    /// The default collects the stream of ``completion(_:_:streamingTo:)`` and throws its errors; a cancelled call
    /// cancels that stream. The answer has the log probabilities of the last chunk that has any: write this method when
    /// the provider's chunks have only those of their own tokens.
    func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse
    /// Answers a dialog whole.
    ///
    /// The default collects the stream of ``chatCompletion(_:_:streamingTo:)`` and throws its errors; a cancelled call
    /// cancels that stream. It leaves `logprobs` nil: write this method to answer them.
    func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse

    /// Continues each text of a batch, in the request's order. An empty batch has an empty answer.
    ///
    /// All or nothing: the first error cancels the other items and is thrown, and no answer is given. The default runs
    /// up to eight items at once through ``completion(_:_:)``. Cancelling the call cancels all items.
    func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse]
    /// Answers each dialog of a batch, in the request's order. An empty batch has an empty answer.
    ///
    /// All or nothing: the first error cancels the other items and is thrown, and no answer is given. The default runs
    /// up to eight items at once through ``chatCompletion(_:_:)``. Cancelling the call cancels all items.
    func batchChatCompletion(
        _ request: BatchChatCompletionRequest, _ call: Call
    ) async throws -> [ChatCompletionResponse]

    /// The tokens of a dialog, as a chat with it would have them. The default throws `notImplemented`; a provider that
    /// can't count names the method in ``Provider/unsupported``.
    func countTokens(_ request: CountTokensRequest, _ call: Call) async throws -> CountTokensResponse

    /// The use and the sizes of ``Call/resource``. Answer at once: lists of models ask for each. Throw `modelNotFound`
    /// when it is not registered here. The default throws `notImplemented`; a provider that does not say names the
    /// method in ``Provider/unsupported``.
    func describeModel(_ request: DescribeModelRequest, _ call: Call) async throws -> ModelDescription

    /// One vector for each text, in the request's order, each of length 1. An empty list of texts has an empty answer.
    ///
    /// All or nothing: one text that cannot be embedded fails the call. Throw `modelNotFound` when ``Call/resource`` is
    /// not registered here, `invalidRequest` when that model makes no embeddings, and `contextLengthExceeded` when a
    /// text is too long and `textTruncation` is `none`. When the call is cancelled, stop computing and throw
    /// `CancellationError`. The default throws `notImplemented`; a provider without embeddings names the method in
    /// ``Provider/unsupported``.
    func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse

    /// How probable each continuation is after the request's dialog or content, in the request's order. In front of
    /// replies to a dialog stands what the model would be given to answer it, and behind them the token that ends a
    /// turn. A score does not depend on the other continuations of the request.
    ///
    /// All or nothing. Throw `modelNotFound` when ``Call/resource`` is not registered here, `invalidRequest` when that
    /// model writes no text or a continuation has no tokens, and `contextLengthExceeded` when one does not fit its
    /// context. When the call is cancelled, stop computing and throw `CancellationError`. The default throws
    /// `notImplemented`; a provider without scores names the method in ``Provider/unsupported``.
    func score(_ request: ScoreRequest, _ call: Call) async throws -> ScoreResponse
}

extension InferenceProvider {
    /// A conforming provider implements `inference`.
    public static var api: API { .inference }

    /// The endpoints of ``Inference``, each with the method of this protocol that answers it. Completions stream when
    /// the request's `stream` is true.
    public static var methods: [Method<Self>] {
        [
            Method(
                Inference.completion, { try await $0.completion($2, $3) }, when: \.stream,
                { try await $0.completion($2, $3, streamingTo: $4) }),
            Method(
                Inference.chatCompletion, { try await $0.chatCompletion($2, $3) }, when: \.stream,
                { try await $0.chatCompletion($2, $3, streamingTo: $4) }),
            Method(Inference.batchCompletion) { try await $0.batchCompletion($2, $3) },
            Method(Inference.batchChatCompletion) { try await $0.batchChatCompletion($2, $3) },
            Method(Inference.countTokens) { try await $0.countTokens($2, $3) },
            Method(Inference.describeModel) { try await $0.describeModel($2, $3) },
            Method(Inference.embeddings) { try await $0.embeddings($2, $3) },
            Method(Inference.score) { try await $0.score($2, $3) },
        ]
    }

    /// The default for a provider that can't count: throws `notImplemented`.
    public func countTokens(_ request: CountTokensRequest, _ call: Call) async throws -> CountTokensResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) counts no tokens")
    }

    /// The default for a provider that does not describe its models: throws `notImplemented`.
    public func describeModel(_ request: DescribeModelRequest, _ call: Call) async throws -> ModelDescription {
        throw ProviderError(.notImplemented, "\(Self.providerType) does not describe its models")
    }

    /// The default for a provider without embeddings: throws `notImplemented`.
    public func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) has no embeddings")
    }

    /// The default for a provider without scores: throws `notImplemented`.
    public func score(_ request: ScoreRequest, _ call: Call) async throws -> ScoreResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) scores no texts")
    }

    /// The default: collects the chunks of the streaming method.
    public func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse {
        let chunks = Collected<CompletionResponseStreamChunk>()
        try await completion(request, call, streamingTo: EventStream { chunks.append($0) })
        var text = ""
        var response = CompletionResponse(content: "")
        for chunk in chunks.all {
            text += chunk.textDelta
            response.stopReason = chunk.stopReason ?? response.stopReason
            // Each chunk has the log probabilities of its own tokens; how they join, only the provider knows.
            response.logprobs = chunk.logprobs ?? response.logprobs
            response.usage = chunk.details.usage ?? response.usage
        }
        response.content = .text(text)
        return response
    }

    /// The default: collects the chunks of the streaming method. Each chunk's tool call is appended to the answer's.
    public func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse {
        let chunks = Collected<ChatCompletionResponseStreamChunk>()
        try await chatCompletion(request, call, streamingTo: EventStream { chunks.append($0) })
        var text = ""
        var response = ChatCompletionResponse(content: "")
        for chunk in chunks.all {
            text += chunk.textDelta
            response.stopReason = chunk.stopReason ?? response.stopReason
            if let toolCall = chunk.toolCall { response.toolCalls.append(toolCall) }
            response.usage = chunk.details.usage ?? response.usage
        }
        response.content = .text(text)
        return response
    }

    /// The default: up to eight items at once, each through the method for one text.
    public func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse] {
        try await inOrder(request.contentBatch) { content in
            try await completion(
                CompletionRequest(
                    content: content, model: request.model, samplingParams: request.samplingParams,
                    maxTokens: request.maxTokens, logprobs: request.logprobs), call)
        }
    }

    /// The default: up to eight items at once, each through the method for one dialog.
    public func batchChatCompletion(
        _ request: BatchChatCompletionRequest, _ call: Call
    ) async throws -> [ChatCompletionResponse] {
        try await inOrder(request.batchDialogs) { dialog in
            try await chatCompletion(
                ChatCompletionRequest(
                    model: request.model, dialog: dialog, samplingParams: request.samplingParams,
                    availableTools: request.availableTools, maxTokens: request.maxTokens, logprobs: request.logprobs),
                call)
        }
    }
}
