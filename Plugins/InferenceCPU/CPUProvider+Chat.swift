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
        // The draft's chunks have no place for them.
        if try call.option("extended") != true { request.logprobs = false }
        let chat = try await prepare(request, call, field: "dialog")
        try await chat.answer.eachAnswer { answer, index in
            let chat = Chat(answer: answer, tools: chat.tools, format: chat.format)
            let details = answer.isExtended ? GenerationDetails(index: index) : GenerationDetails()
            @Sendable func chunk(_ text: String, _ pieces: inout AnswerPieces) -> ChatCompletionResponseStreamChunk {
                let logprobs = pieces.takeLogprobs()
                return ChatCompletionResponseStreamChunk(
                    textDelta: text, details: details, logprobs: logprobs.isEmpty ? nil : logprobs.tokens)
            }
            var (finish, pieces) = try await self.reply(chat) { event, pieces in
                switch event {
                case .text(let text): try await stream.send(chunk(text, &pieces))
                case .call(let call):
                    var chunk = chunk("", &pieces)
                    chunk.toolCall = ToolCall(call)
                    try await stream.send(chunk)
                case .reasoning(let text) where answer.isExtended:
                    var chunk = chunk("", &pieces)
                    chunk.reasoning = text
                    try await stream.send(chunk)
                case .reasoning, .repair: break
                }
            }
            var last = chunk("", &pieces)
            last.stopReason = StopReason(finish)
            last.details = answer.details(finish, pieces.stopSequence, index)
            try await stream.send(last)
        }
    }

    package func chatCompletion(_ request: ChatCompletionRequest, _ call: Call) async throws -> ChatCompletionResponse {
        let chat = try await prepare(request, call, field: "dialog")
        try chat.answer.checkSingle()
        return try await answer(chat, logprobs: request.logprobs)
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
        let answer: PreparedAnswer
        let tools: [ChatTool]
        let format: ReplyFormat
    }

    /// - Parameter field: where the dialog stands in the call's body.
    private func prepare(_ request: ChatCompletionRequest, _ call: Call, field: String) async throws -> Chat {
        let model = try model(for: call)
        let language = model.language
        let options = try GenerationOptions(options: call.options)
        let choice = try call.option("tool_choice", as: ToolChoice.self) ?? .auto
        let (prompt, format, tools) = try await prompt(request, choice, options, model, field: field)
        let answer = try await PreparedAnswer(
            model, call, options, request.samplingParams, prompt: prompt, promptField: field,
            tokensMax: request.maxTokens, logprobs: request.logprobs, stopTokens: language.chatStops
        ) {
            try await rule(
                model, choice, options.responseSchema, tools, format, answersUser: request.dialog.message.role == .user,
                call)
        }
        return Chat(answer: answer, tools: tools, format: format)
    }

    /// The tokens of a conversation, the form of its answer, and the tools that the model is told of.
    private func prompt(
        _ request: ChatCompletionRequest, _ choice: ToolChoice, _ options: GenerationOptions, _ model: LoadedModel,
        field: String
    ) async throws -> ([Int32], ReplyFormat, [ChatTool]) {
        // A long dialog takes a while in each of these.
        try await model.queue.run {
            var conversation = try ChatConversation(request.dialog, at: field, tools: request.availableTools)
            if choice == .none { conversation.tools = [] }
            conversation.demandsCall = choice.demandsCall
            conversation.variables = TemplateMap(options.templateArguments ?? [:])
            do {
                let (prompt, format) = try model.language.prompt(answering: conversation)
                return (prompt, format, conversation.tools)
            } catch let error as TemplateError {
                throw ProviderError(error, field: field)
            }
        }
    }

    /// The tokens of a dialog as a chat would have them.
    package func countTokens(_ request: CountTokensRequest, _ call: Call) async throws -> CountTokensResponse {
        let model = try model(for: call)
        let options = try GenerationOptions(options: call.options)
        let choice = try call.option("tool_choice", as: ToolChoice.self) ?? .auto
        let chat = ChatCompletionRequest(
            model: InstructModel(rawValue: request.model), dialog: request.dialog,
            availableTools: request.availableTools)
        let (prompt, _, _) = try await prompt(chat, choice, options, model, field: "dialog")
        return CountTokensResponse(tokens: prompt.count, contextTokensMax: model.engine.contextTokens)
    }

    private func rule(
        _ model: LoadedModel, _ choice: ToolChoice, _ schema: JSON?, _ tools: [ChatTool], _ format: ReplyFormat,
        answersUser: Bool, _ call: Call
    ) async throws -> AnswerRule {
        guard let schema else {
            return try await model.grammars.calls(choice, tools, format, answersUser: answersUser, call.log)
        }
        guard tools.isEmpty else {
            throw ProviderError(
                .invalidRequest,
                "response_schema holds the whole answer, which then calls no tool: send tool_choice none too, or leave "
                    + "the tools out", field: "response_schema")
        }
        return try await model.grammars.value(schema, format.beginning)
    }

    private func answer(_ chat: Chat, logprobs isAsked: Bool) async throws -> ChatCompletionResponse {
        var text = ""
        var reasoning = ""
        var calls: [ToolCall] = []
        let (finish, pieces) = try await reply(chat) { event, _ in
            switch event {
            case .text(let delta): text += delta
            case .reasoning(let delta): reasoning += delta
            case .call(let call): calls.append(ToolCall(call))
            case .repair: break
            }
        }
        let isExtended = chat.answer.isExtended
        // A reply that calls says nothing else: the draft's first implementation empties it.
        return ChatCompletionResponse(
            content: .text(calls.isEmpty ? text : ""), toolCalls: calls, stopReason: StopReason(finish),
            logprobs: isAsked ? pieces.logprobs.lists : nil,
            reasoning: isExtended && !reasoning.isEmpty ? reasoning : nil,
            usage: isExtended ? TokenUsage(finish) : nil)
    }

    /// Calls `receive` with each piece of the reply's text and thoughts, with each tool call once it is whole, and with
    /// an empty text to tell a caller that takes it that the engine works.
    private func reply(
        _ chat: Chat, _ receive: (ReplyParser.Event, inout AnswerPieces) async throws -> Void
    ) async throws -> (Generation.Finish, AnswerPieces) {
        let (run, options) = (chat.answer.run, chat.answer.options)
        let language = run.model.language
        // Without tools a call's marks stand for nothing, as all control tokens do.
        let marks = language.replyMarks.filter { !chat.tools.isEmpty || $0.value.isThought }
        var pieces = AnswerPieces(language.tokenizer, stops: options.stop ?? [], marks: marks, beginsText: true)
        var reply = ReplyParser(tools: chat.tools, format: chat.format)
        var isFull = false
        func pass(_ events: [ReplyParser.Event]) async throws {
            for event in events where !isFull {
                if case .repair(let slip) = event {
                    run.call.log.info("a tool call was read in spite of \(slip.rawValue)", ["model": run.model.id])
                }
                try await receive(event, &pieces)
                if case .call = event { isFull = options.parallelToolCalls == false }
            }
        }
        let finish = try await run.generate { tokens in
            let events = reply.add(pieces.add(tokens))
            // A chunk without text tells that the engine works.
            try await pass(tokens.isEmpty && events.isEmpty ? [.text("")] : events)
            if isFull { throw EndOfAnswer() }
            if let unused = pieces.tokensUnused { throw EndOfAnswer(tokensUnused: unused) }
        }
        try await pass(reply.add([.text(pieces.finish())]) + reply.finish(isCutOff: finish.reason == .length))
        return (finish, pieces)
    }
}
