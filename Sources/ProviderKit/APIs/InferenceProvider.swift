import LlamaStackAPI

/// A provider of `inference`. Write the two methods that stream: whole answers and batches follow from them, and can be
/// written too where the provider has a better way (log probabilities of a chat answer need it: its chunks have no
/// place for them).
public protocol InferenceProvider: Provider {
    /// Ends with a chunk that has an empty text and the stop reason.
    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws

    /// Ends with a chunk that has an empty text and the stop reason. A tool call is a chunk of its own with an empty text.
    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws

    func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse
    func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse

    /// One answer for each text, in order; or an error, and no answer.
    func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse]
    /// One answer for each dialog, in order; or an error, and no answer.
    func batchChatCompletion(
        _ request: BatchChatCompletionRequest, _ call: Call
    ) async throws -> [ChatCompletionResponse]

    /// One vector for each text, in order; or an error, and no answer. A provider without it names it in ``Provider/lacks``.
    func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse
}

extension InferenceProvider {
    public static var api: API { .inference }

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
            Method(Inference.embeddings) { try await $0.embeddings($2, $3) },
        ]
    }

    public func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse {
        throw ProviderError(.notImplemented, "\(Self.providerType) has no embeddings")
    }

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
        }
        response.content = .text(text)
        return response
    }

    public func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse {
        let chunks = Collected<ChatCompletionResponseStreamChunk>()
        try await chatCompletion(request, call, streamingTo: EventStream { chunks.append($0) })
        var text = ""
        var response = ChatCompletionResponse(content: "")
        for chunk in chunks.all {
            text += chunk.textDelta
            response.stopReason = chunk.stopReason ?? response.stopReason
            if let toolCall = chunk.toolCall { response.toolCalls.append(toolCall) }
        }
        response.content = .text(text)
        return response
    }

    public func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse] {
        try await inOrder(request.contentBatch) { content in
            try await completion(
                CompletionRequest(
                    content: content, model: request.model, samplingParams: request.samplingParams,
                    maxTokens: request.maxTokens, logprobs: request.logprobs), call)
        }
    }

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
