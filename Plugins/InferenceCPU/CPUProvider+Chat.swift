import ChatTemplates
import Grammars
import LlamaEngine
import ProviderKit

extension CPUProvider {
    package func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        var request = request
        // The chunks have no place for them, so none are computed.
        request.logprobs = false
        let chat = try await prepare(request, call, field: "dialog")
        var logprobs = LogProbabilities(chat.run.model.language.tokenizer)
        let stopReason = try await reply(chat, &logprobs) { event in
            switch event {
            case .text(let text): try await stream.send(ChatCompletionResponseStreamChunk(textDelta: text))
            case .call(let call):
                try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", toolCall: ToolCall(call)))
            case .reasoning(let text) where chat.isExtended:
                try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", reasoning: text))
            case .reasoning, .repair: break
            }
        }
        try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", stopReason: stopReason))
    }

    package func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse {
        try await answer(prepare(request, call, field: "dialog"), logprobs: request.logprobs)
    }

    package func batchChatCompletion(
        _ request: BatchChatCompletionRequest, _ call: Call
    ) async throws -> [ChatCompletionResponse] {
        // Also where there is no dialog: such a request asks whether the model answers any.
        _ = try model(for: call)
        var chats: [Chat] = []
        for (index, dialog) in request.batchDialogs.enumerated() {
            let item = ChatCompletionRequest(
                model: request.model, dialog: dialog, samplingParams: request.samplingParams,
                availableTools: request.availableTools, maxTokens: request.maxTokens, logprobs: request.logprobs)
            chats.append(try await prepare(item, call, field: "batch_dialogs[\(index)]"))
        }
        return try await inOrder(chats) { try await self.answer($0, logprobs: request.logprobs) }
    }

    private struct Chat: Sendable {
        let run: GenerationRun
        let tools: [ChatTool]
        let format: ReplyFormat
        /// The caller takes what the draft has no field for.
        let isExtended: Bool
    }

    /// - Parameter field: where the dialog stands in the call's body.
    private func prepare(_ request: ChatCompletionRequest, _ call: Call, field: String) async throws -> Chat {
        let model = try model(for: call)
        let language = model.language
        let choice = try call.option("tool_choice", as: ToolChoice.self) ?? .auto
        let schema = try call.option("response_schema", as: JSON.self)
        // A long dialog takes a while in each of these.
        let (prompt, format, tools) = try await model.queue.run {
            var conversation = try ChatConversation(request.dialog, at: field, tools: request.availableTools)
            if choice == .none { conversation.tools = [] }
            conversation.demandsCall = choice.demandsCall
            do {
                let (prompt, format) = try language.prompt(answering: conversation)
                return (prompt, format, conversation.tools)
            } catch let error as TemplateError {
                throw ProviderError(error, field: field)
            }
        }
        var generation = Generation.Request(
            prompt: prompt, tokensMax: request.maxTokens,
            sampling: try Sampling(request.samplingParams, seed: try call.option("seed"), logprobs: request.logprobs),
            stopTokens: language.chatStops, deadline: call.deadline, owner: call.principal)
        generation.grammar = try await grammar(model, choice, schema, tools, format, call)
        return Chat(
            run: GenerationRun(model: model, call: call, request: generation, promptField: field),
            tools: tools, format: format, isExtended: try call.option("extended") ?? false)
    }

    private func grammar(
        _ model: LoadedModel, _ choice: ToolChoice, _ schema: JSON?, _ tools: [ChatTool], _ format: ReplyFormat,
        _ call: Call
    ) async throws -> GrammarState? {
        guard let schema else { return try await model.grammars.calls(choice, tools, format, call.log) }
        guard tools.isEmpty else {
            throw ProviderError(
                .invalidRequest,
                "response_schema holds the whole answer, which then calls no tool: send tool_choice none too, or leave "
                    + "available_tools out", field: "response_schema")
        }
        return try await model.grammars.value(schema, format.beginning)
    }

    private func answer(_ chat: Chat, logprobs isAsked: Bool) async throws -> ChatCompletionResponse {
        var text = ""
        var reasoning = ""
        var calls: [ToolCall] = []
        var logprobs = LogProbabilities(chat.run.model.language.tokenizer)
        let stopReason = try await reply(chat, &logprobs) { event in
            switch event {
            case .text(let delta): text += delta
            case .reasoning(let delta): reasoning += delta
            case .call(let call): calls.append(ToolCall(call))
            case .repair: break
            }
        }
        // A reply that calls says nothing else: the draft's first implementation empties it.
        return ChatCompletionResponse(
            content: .text(calls.isEmpty ? text : ""), toolCalls: calls, stopReason: stopReason,
            logprobs: isAsked ? logprobs.takeAll() : nil,
            reasoning: chat.isExtended && !reasoning.isEmpty ? reasoning : nil)
    }

    /// Calls `receive` with each piece of the reply's text and thoughts, and with each tool call once it is whole.
    private func reply(
        _ chat: Chat, _ logprobs: inout LogProbabilities, _ receive: (ReplyParser.Event) async throws -> Void
    ) async throws -> StopReason {
        let language = chat.run.model.language
        // Without tools a call's marks stand for nothing, as all control tokens do.
        let marks = language.replyMarks.filter { !chat.tools.isEmpty || $0.value.isThought }
        var text = AnswerText(language.tokenizer, marks: marks, beginsText: true)
        var reply = ReplyParser(tools: chat.tools, format: chat.format)
        func pass(_ events: [ReplyParser.Event]) async throws {
            for event in events {
                if case .repair(let slip) = event {
                    chat.run.call.log.info(
                        "a tool call was read in spite of \(slip.rawValue)", ["model": chat.run.model.id])
                }
                try await receive(event)
            }
        }
        let finish = try await chat.run.generate { tokens in
            logprobs.add(tokens)
            try await pass(reply.add(text.add(tokens)))
        }
        try await pass(reply.add([.text(text.finish())]) + reply.finish(isCutOff: finish.reason == .length))
        return StopReason(finish)
    }
}
