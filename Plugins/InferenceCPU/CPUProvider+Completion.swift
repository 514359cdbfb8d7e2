import LlamaEngine
import ProviderKit

extension CPUProvider {
    package func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        let run = try await prepare(request, call, field: "content")
        var logprobs = LogProbabilities(run.model.language.tokenizer)
        let stopReason = try await continueText(run, &logprobs) { delta, logprobs in
            try await stream.send(CompletionResponseStreamChunk(textDelta: delta, logprobs: logprobs.take()))
        }
        try await stream.send(
            CompletionResponseStreamChunk(textDelta: "", stopReason: stopReason, logprobs: logprobs.take()))
    }

    package func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse {
        try await answer(prepare(request, call, field: "content"), logprobs: request.logprobs)
    }

    package func batchCompletion(_ request: BatchCompletionRequest, _ call: Call) async throws -> [CompletionResponse] {
        // All prompts before the first answer: what is wrong with one is said before work is spent on the others.
        var runs: [GenerationRun] = []
        for (index, content) in request.contentBatch.enumerated() {
            let item = CompletionRequest(
                content: content, model: request.model, samplingParams: request.samplingParams,
                maxTokens: request.maxTokens, logprobs: request.logprobs)
            runs.append(try await prepare(item, call, field: "content_batch[\(index)]"))
        }
        return try await inOrder(runs) { try await self.answer($0, logprobs: request.logprobs) }
    }

    /// - Parameter field: where the content stands in the call's body.
    private func prepare(_ request: CompletionRequest, _ call: Call, field: String) async throws -> GenerationRun {
        let model = try model(for: call)
        let prompt = try await model.queue.run {
            model.language.prompt(continuing: try request.content.text(at: field))
        }
        var generation = Generation.Request(
            prompt: prompt, tokensMax: request.maxTokens,
            sampling: try Sampling(request.samplingParams, seed: try call.option("seed"), logprobs: request.logprobs),
            stopTokens: model.language.completionStops, deadline: call.deadline, owner: call.principal)
        if let schema = try call.option("response_schema", as: JSON.self) {
            generation.grammar = try await model.grammars.value(schema, .answer)
        }
        return GenerationRun(model: model, call: call, request: generation, promptField: field)
    }

    private func answer(_ run: GenerationRun, logprobs isAsked: Bool) async throws -> CompletionResponse {
        var text = ""
        var logprobs = LogProbabilities(run.model.language.tokenizer)
        let stopReason = try await continueText(run, &logprobs) { delta, _ in text += delta }
        return CompletionResponse(
            content: .text(text), stopReason: stopReason, logprobs: isAsked ? logprobs.takeAll() : nil)
    }

    /// Calls `receive` with each piece of the text. A character in the making waits: the log probabilities of its first
    /// tokens are there when it is complete.
    private func continueText(
        _ run: GenerationRun, _ logprobs: inout LogProbabilities,
        _ receive: (String, inout LogProbabilities) async throws -> Void
    ) async throws -> StopReason {
        var text = AnswerText(run.model.language.tokenizer, beginsText: false)
        let finish = try await run.generate { tokens in
            logprobs.add(tokens)
            let delta = text.addText(tokens)
            if !delta.isEmpty { try await receive(delta, &logprobs) }
        }
        let rest = text.finish()
        if !rest.isEmpty { try await receive(rest, &logprobs) }
        return StopReason(finish)
    }
}

extension StopReason {
    /// The end of a turn and the end of a message are both `finished_ok`: tool calls tell them apart.
    init(_ finish: Generation.Finish) { self = finish.reason == .length ? .maxTokens : .finishedOK }
}
