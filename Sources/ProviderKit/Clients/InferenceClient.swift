import LlamaStackAPI

/// `inference`, as another provider calls it.
public struct InferenceClient: Sendable {
    public let caller: HostCaller

    public func completion(
        _ request: CompletionRequest, options: JSONObject = JSONObject()
    ) async throws -> CompletionResponse {
        var request = request
        request.stream = false
        return try await caller.answer(Inference.completion, Nothing(), request, options: options)
    }

    public func completionEvents(
        _ request: CompletionRequest, options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<CompletionResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(Inference.completion, Nothing(), request, options: options)
    }

    public func chatCompletion(
        _ request: ChatCompletionRequest, options: JSONObject = JSONObject()
    ) async throws -> ChatCompletionResponse {
        var request = request
        request.stream = false
        return try await caller.answer(Inference.chatCompletion, Nothing(), request, options: options)
    }

    public func chatCompletionEvents(
        _ request: ChatCompletionRequest, options: JSONObject = JSONObject()
    ) throws -> AnswerEvents<ChatCompletionResponseStreamChunk> {
        var request = request
        request.stream = true
        return try caller.events(Inference.chatCompletion, Nothing(), request, options: options)
    }

    public func batchCompletion(_ request: BatchCompletionRequest) async throws -> [CompletionResponse] {
        try await caller.answer(Inference.batchCompletion, Nothing(), request)
    }

    public func batchChatCompletion(_ request: BatchChatCompletionRequest) async throws -> [ChatCompletionResponse] {
        try await caller.answer(Inference.batchChatCompletion, Nothing(), request)
    }

    public func embeddings(_ request: EmbeddingsRequest) async throws -> EmbeddingsResponse {
        try await caller.answer(Inference.embeddings, Nothing(), request)
    }
}
