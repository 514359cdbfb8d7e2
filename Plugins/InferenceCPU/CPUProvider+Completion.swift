import LlamaEngine
import ProviderKit

extension CPUProvider {
    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws {
        let last = try await continueText(of: request, call) { try await stream.send($0) }
        try await stream.send(last)
    }

    func completion(_ request: CompletionRequest, _ call: Call) async throws -> CompletionResponse {
        var text = ""
        // One chunk at the end has all log probabilities, since none were sent before it.
        let last = try await continueText(of: request, call, holdsLogprobs: true) { text += $0.textDelta }
        return CompletionResponse(content: .text(text), stopReason: last.stopReason, logprobs: last.logprobs)
    }

    /// Sends every chunk but the last, and returns that.
    private func continueText(
        of request: CompletionRequest, _ call: Call, holdsLogprobs: Bool = false,
        _ send: (CompletionResponseStreamChunk) async throws -> Void
    ) async throws -> CompletionResponseStreamChunk {
        let model = try model(for: call)
        let content = try request.content.text(at: "content")
        let prompt = try await model.queue.run { model.language.prompt(continuing: content) }
        let tokenizer = model.language.tokenizer
        var text = AnswerText(tokenizer, markers: [:], beginsText: false)
        var logprobs = LogProbabilities(tokenizer)
        let generation = Generation.Request(
            prompt: prompt, tokensMax: request.maxTokens,
            sampling: Sampling(request.samplingParams, seed: try call.option("seed"), logprobs: request.logprobs),
            stopTokens: model.language.completionStops, deadline: call.deadline)
        let finish = try await GenerationRun(model: model, call: call, promptField: "content").generate(generation) { tokens in
            logprobs.add(tokens)
            let delta = text.add(tokens)
            // A character in the making: its first tokens' log probabilities go with the chunk that completes it.
            guard !delta.isEmpty else { return }
            try await send(
                CompletionResponseStreamChunk(textDelta: delta, logprobs: holdsLogprobs ? nil : logprobs.take()))
        }
        let rest = text.finish()
        if !rest.isEmpty {
            try await send(
                CompletionResponseStreamChunk(textDelta: rest, logprobs: holdsLogprobs ? nil : logprobs.take()))
        }
        return CompletionResponseStreamChunk(
            textDelta: "", stopReason: StopReason(finish),
            logprobs: holdsLogprobs && request.logprobs ? logprobs.takeAll() : logprobs.take())
    }
}

extension StopReason {
    /// The end of a turn and the end of a message are both `finished_ok`: tool calls tell them apart.
    init(_ finish: Generation.Finish) { self = finish.reason == .length ? .maxTokens : .finishedOK }
}
