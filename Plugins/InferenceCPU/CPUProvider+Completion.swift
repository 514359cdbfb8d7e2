import LlamaEngine
import ProviderKit

extension CPUProvider {
    package func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        let continuation = try await prepare(request, call, field: "content")
        try await continuation.eachAnswer { continuation, index in
            let (finish, pieces) = try await self.continueText(continuation) { delta, pieces in
                let logprobs = pieces.takeLogprobs()
                try await stream.send(
                    CompletionResponseStreamChunk(
                        textDelta: delta, logprobs: logprobs.isEmpty ? nil : logprobs.lists,
                        details: continuation.isExtended ? GenerationDetails(index: index) : GenerationDetails()))
            }
            try await stream.send(
                CompletionResponseStreamChunk(
                    textDelta: "", stopReason: StopReason(finish),
                    logprobs: pieces.logprobs.isEmpty ? nil : pieces.logprobs.lists,
                    details: continuation.details(finish, pieces.stopSequence, index)))
        }
    }

    package func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse {
        let continuation = try await prepare(request, call, field: "content")
        try continuation.checkSingle()
        return try await answer(continuation, logprobs: request.logprobs)
    }

    package func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse] {
        // All prompts before the first answer: what is wrong with one is said before work is spent on the others.
        var continuations: [PreparedAnswer] = []
        for (index, content) in request.contentBatch.enumerated() {
            let item = CompletionRequest(
                content: content, model: request.model, samplingParams: request.samplingParams,
                maxTokens: request.maxTokens, logprobs: request.logprobs)
            continuations.append(try await prepare(item, call, field: "content_batch[\(index)]"))
        }
        return try await inOrder(continuations) { try await self.answer($0, logprobs: request.logprobs) }
    }

    /// - Parameter field: where the content stands in the call's body.
    private func prepare(_ request: CompletionRequest, _ call: Call, field: String) async throws -> PreparedAnswer {
        let model = try model(for: call)
        let options = try GenerationOptions(options: call.options)
        let prompt = try await model.queue.run {
            model.language.prompt(continuing: try request.content.text(at: field))
        }
        return try await PreparedAnswer(
            model, call, options, request.samplingParams, prompt: prompt, promptField: field,
            tokensMax: request.maxTokens, logprobs: request.logprobs, stopTokens: model.language.completionStops
        ) {
            guard let schema = options.responseSchema else { return AnswerRule() }
            return try await model.grammars.value(schema, .answer)
        }
    }

    private func answer(_ continuation: PreparedAnswer, logprobs isAsked: Bool) async throws -> CompletionResponse {
        var text = ""
        let (finish, pieces) = try await continueText(continuation) { delta, _ in text += delta }
        return CompletionResponse(
            content: .text(text), stopReason: StopReason(finish), logprobs: isAsked ? pieces.logprobs.lists : nil,
            usage: continuation.isExtended ? TokenUsage(finish) : nil)
    }

    /// Calls `receive` with each piece of the text. A character in the making waits: the log probabilities of its first
    /// tokens are there when it is complete.
    private func continueText(
        _ continuation: PreparedAnswer, _ receive: (String, inout AnswerPieces) async throws -> Void
    ) async throws -> (Generation.Finish, AnswerPieces) {
        var pieces = AnswerPieces(
            continuation.run.model.language.tokenizer, stops: continuation.options.stop ?? [], beginsText: false)
        let finish = try await continuation.run.generate { tokens in
            let delta = pieces.addText(tokens)
            // One without text tells that the engine works.
            if !delta.isEmpty || tokens.isEmpty { try await receive(delta, &pieces) }
            if let unused = pieces.tokensUnused { throw EndOfAnswer(tokensUnused: unused) }
        }
        let rest = pieces.finish()
        if !rest.isEmpty { try await receive(rest, &pieces) }
        return (finish, pieces)
    }
}

extension StopReason {
    /// The end of a turn and the end of a message are both `finished_ok`: tool calls tell them apart.
    init(_ finish: Generation.Finish) { self = finish.reason == .length ? .maxTokens : .finishedOK }
}
