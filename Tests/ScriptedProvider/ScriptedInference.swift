import ProviderKit

struct ScriptedInference: InferenceProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func register(_ resource: Resource) async throws {}

    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        if call.method == "completion" { call.note(body: request.json) }
        try await Script.play(request.content.text) { try await stream.send(.init(textDelta: $0)) }
        try await stream.send(.init(textDelta: "", stopReason: .finishedOK, logprobs: ["of": "completion"]))
    }

    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        if call.method == "chat_completion" { call.note(body: request.json) }
        if let round = try ScriptedRounds(request.dialog)?.next(request) {
            for piece in round.text { try await Script.play(piece) { try await stream.send(.init(textDelta: $0)) } }
            for toolCall in round.calls { try await stream.send(.init(textDelta: "", toolCall: toolCall)) }
            return try await stream.send(.init(textDelta: "", stopReason: round.stop))
        }
        try await Script.play(request.dialog.message.content.text) { try await stream.send(.init(textDelta: $0)) }
        for toolCall in request.dialog.message.toolCalls {
            try await stream.send(.init(textDelta: "", toolCall: toolCall))
        }
        try await stream.send(.init(textDelta: "", stopReason: .finishedOK))
    }

    func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse] {
        call.note(body: request.json)
        return request.contentBatch.map { CompletionResponse(content: $0, stopReason: .finishedOK) }
    }

    func batchChatCompletion(
        _ request: BatchChatCompletionRequest, _ call: Call
    ) async throws -> [ChatCompletionResponse] {
        call.note(body: request.json)
        return request.batchDialogs.map { ChatCompletionResponse(content: $0.message.content, stopReason: .maxTokens) }
    }

    func score(_ request: ScoreRequest, _ call: Call) async throws -> ScoreResponse {
        call.note(body: request.json)
        return ScoreResponse(
            scores: request.continuations.map {
                // Another for each model, and for each text.
                let logprob = -Double($0.text.utf8.count * call.resource.utf8.count)
                return ContinuationScore(
                    logprob: logprob,
                    logprobs: ["tokens": [.string($0.text)], "token_logprobs": [.number(logprob)]])
            })
    }

    func countTokens(_ request: CountTokensRequest, _ call: Call) async throws -> CountTokensResponse {
        call.note(body: request.json)
        return CountTokensResponse(tokens: request.dialog.message.content.text.utf8.count)
    }

    func describeModel(_ request: DescribeModelRequest, _ call: Call) async throws -> ModelDescription {
        call.note(body: request.json)
        return ModelDescription(purpose: .generation, contextTokensMax: 1000)
    }

    func embeddings(_ request: EmbeddingsRequest, _ call: Call) async throws -> EmbeddingsResponse {
        call.note(body: request.json)
        return EmbeddingsResponse(embeddings: request.contents.map { [Float($0.text.utf8.count), 0.5] })
    }
}
