import LlamaEngine
import ProviderKit

extension CPUProvider {
    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        // The chunks have no place for log probabilities, so none are computed.
        let end = try await answer(request, call, logprobs: nil) { event in
            switch event {
            case .text(let text): try await stream.send(ChatCompletionResponseStreamChunk(textDelta: text))
            case .call(let call):
                try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", toolCall: ToolCall(call)))
            }
        }
        try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", stopReason: end.stopReason))
    }

    func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse {
        var text = ""
        var calls: [ToolCall] = []
        let logprobs = request.logprobs ? LogProbabilities(try model(for: call).language.tokenizer) : nil
        let end = try await answer(request, call, logprobs: logprobs) { event in
            switch event {
            case .text(let delta): text += delta
            case .call(let call): calls.append(ToolCall(call))
            }
        }
        // A reply that calls says nothing else: the draft's first implementation empties it.
        return ChatCompletionResponse(
            content: .text(calls.isEmpty ? text : ""), toolCalls: calls, stopReason: end.stopReason,
            logprobs: end.logprobs)
    }

    private func answer(
        _ request: ChatCompletionRequest, _ call: Call, logprobs: LogProbabilities?,
        _ send: (ToolCallStream.Event) async throws -> Void
    ) async throws -> (stopReason: StopReason, logprobs: JSONObject?) {
        let model = try model(for: call)
        let language = model.language
        let conversation = try ChatConversation(request.dialog, tools: request.availableTools)
        let prompt = try await model.queue.run {
            do {
                return try language.prompt(answering: conversation)
            } catch let error as TemplateError {
                throw ProviderError(error)
            }
        }
        let tools = conversation.tools
        var logprobs = logprobs
        var text = AnswerText(language.tokenizer, markers: tools.isEmpty ? [:] : language.callMarkers, beginsText: true)
        var reply = ToolCallStream(parser: tools.isEmpty ? nil : ToolCallParser(tools: tools))
        let generation = Generation.Request(
            prompt: prompt, tokensMax: request.maxTokens,
            sampling: Sampling(request.samplingParams, seed: try call.option("seed"), logprobs: logprobs != nil),
            stopTokens: language.chatStops, deadline: call.deadline)
        let finish = try await GenerationRun(model: model, call: call, promptField: "dialog").generate(generation) { tokens in
            logprobs?.add(tokens)
            for event in reply.add(text.add(tokens)) { try await send(event) }
        }
        for event in reply.add(text.finish()) + reply.finish() { try await send(event) }
        return (StopReason(finish), logprobs?.takeAll())
    }
}
