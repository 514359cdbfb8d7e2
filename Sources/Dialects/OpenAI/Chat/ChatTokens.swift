import LlamaStackAPI

extension OpenAI {
    static let countChatTokens = DialectEndpoint(
        .post, "/v1/chat/completions/input_tokens", "/chat/completions/input_tokens", method: "chat_input_tokens",
        body: ChatRequest.self, answer: InputTokens.self, summary: "Count the tokens of a chat, and answer nothing."
    ) { request, caller in
        let dialog = try ChatDialog(request.messages)
        var options = GenerationOptions()
        options.toolChoice = try request.options().toolChoice
        options.templateArguments = try request.options().templateArguments
        do {
            let count = try await caller.answer(
                Inference.countTokens,
                CountTokensRequest(
                    model: request.model, dialog: dialog.dialog, availableTools: request.tools.map(\.definition)),
                model: request.model, options: options.options)
            return .json(InputTokens(count: count.tokens).jsonBytes)
        } catch let error as DialectError {
            throw error.renamed { request.clientField($0, dialog) }
        }
    }
}

/// The number of a request's tokens.
struct InputTokens: WireRecord {
    var count: Int

    static let object = Object(
        "OpenAIInputTokens", isComponent: false, { (_: String, count) in InputTokens(count: count) },
        Field("object", \.kind, "Always response.input_tokens."),
        Field("input_tokens", \.count, "The tokens of the prompt."))

    private var kind: String { "response.input_tokens" }
}
