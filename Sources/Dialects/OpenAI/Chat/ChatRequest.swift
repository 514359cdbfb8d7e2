import LlamaStackAPI

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: DialectBody {
    var model: String
    var messages: [ChatMessage]
    var sampling: SamplingFields
    var completionTokensMax: Int?
    var logprobs: Bool
    var topLogprobs: Int?
    var tools: [OfferedTool]
    var toolChoice: ToolChoiceField?
    var parallelToolCalls: Bool?
    var responseFormat: ResponseFormat?
    var templateArguments: JSONObject?
    var rest = JSONObject()

    init(
        model: String, messages: [ChatMessage], sampling: SamplingFields, completionTokensMax: Int?, logprobs: Bool,
        topLogprobs: Int?, tools: [OfferedTool], toolChoice: ToolChoiceField?, parallelToolCalls: Bool?,
        responseFormat: ResponseFormat?, templateArguments: JSONObject?
    ) {
        (self.model, self.messages, self.sampling) = (model, messages, sampling)
        (self.completionTokensMax, self.logprobs, self.topLogprobs) = (completionTokensMax, logprobs, topLogprobs)
        (self.tools, self.toolChoice, self.parallelToolCalls) = (tools, toolChoice, parallelToolCalls)
        (self.responseFormat, self.templateArguments) = (responseFormat, templateArguments)
    }

    private static let messagesMax = 100_000

    static let object = Object(
        "OpenAIChatRequest", rest: \Self.rest, Self.init,
        Field("model", \.model, check: .identifier, "The model's id or an alias."),
        Field(
            "messages", \.messages,
            check: .counting(1...messagesMax, "messages"),
            "What was said so far."),
        Inline(\.sampling, SamplingFields.object),
        Field(
            "max_completion_tokens", \.completionTokensMax, ifPresent: .atLeast(1), schema: .integer(minimum: 1),
            "As max_tokens, which it comes before."),
        Field("logprobs", \.logprobs, default: false, "Also answer the log probabilities of the tokens."),
        Field(
            "top_logprobs", \.topLogprobs, ifPresent: .within(0...GenerationOptions.topLogprobsMax),
            schema: .integer(minimum: 0, maximum: Int64(GenerationOptions.topLogprobsMax)),
            "With logprobs: how many of the likeliest tokens to tell beside each."),
        Field("tools", \.tools, default: [], "The tools that the model may call."),
        Field("tool_choice", \.toolChoice, "auto, none, required, or one tool."),
        Field("parallel_tool_calls", \.parallelToolCalls, "Whether one answer may call several tools."),
        Field("response_format", \.responseFormat, "text, json_object or json_schema."),
        Field("chat_template_kwargs", \.templateArguments, "Further values for the model's chat template."))

    static let policy = FieldPolicy(
        withoutEffect: [
            "user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention",
            "safety_identifier", "verbosity", "reasoning_effort",
        ],
        refused: [
            .init("audio", "the models of this server write text"),
            .init("modalities", unless: [["text"]], "the models of this server write text"),
            .init("prediction", "leave it out; tokens are guessed without it"),
            .init("web_search_options", "offer a tool in place of it"),
            .init("functions", unless: [[]], "send tools"),
            .init("function_call", unless: ["none", "auto"], "send tool_choice"),
        ])

    var tokensMax: Int { completionTokensMax ?? sampling.maxTokens ?? 0 }

    /// The draft's request.
    /// - Parameter stream: the answer is read as events, whatever the client asked for.
    func draft(_ dialog: Dialog, stream: Bool) -> ChatCompletionRequest {
        ChatCompletionRequest(
            model: InstructModel(rawValue: model), dialog: dialog, samplingParams: sampling.parameters,
            availableTools: tools.map(\.definition), maxTokens: tokensMax, stream: stream, logprobs: logprobs)
    }

    /// The options of the draft's call.
    func options() throws(DialectError) -> GenerationOptions {
        try sampling.check()
        var options = sampling.options
        guard logprobs || (topLogprobs ?? 0) == 0 else {
            throw DialectError(
                .invalidRequest, "top_logprobs has no effect without logprobs: send logprobs true too",
                field: "top_logprobs")
        }
        if logprobs { options.topLogprobs = topLogprobs ?? 0 }
        if let toolChoice, toolChoice != .auto {
            guard !tools.isEmpty || toolChoice == .none else {
                throw DialectError(.invalidRequest, "tool_choice needs tools, which has none", field: "tool_choice")
            }
            if !tools.isEmpty { options.toolChoice = toolChoice.json }
        }
        if parallelToolCalls == false, !tools.isEmpty { options.parallelToolCalls = false }
        if case .schema(let schema, _)? = responseFormat { options.responseSchema = schema }
        if let templateArguments, !templateArguments.isEmpty { options.templateArguments = templateArguments }
        return options
    }

    /// The client's field for one of the draft's.
    func clientField(_ field: String, _ dialog: ChatDialog) -> String? {
        if let place = dialog.clientField(field) { return place }
        if field.hasPrefix("sampling_params.") { return String(field.dropFirst("sampling_params.".count)) }
        if field.hasPrefix("available_tools") {
            let tail = field.dropFirst("available_tools".count)
            let place = "tools" + tail.prefix { $0 != "." }
            return place
                + (tail.hasSuffix(".tool_name")
                    ? ".function.name" : tail.hasSuffix(".parameters") ? ".function.parameters" : "")
        }
        switch field {
        case "max_tokens": return completionTokensMax == nil ? "max_tokens" : "max_completion_tokens"
        case "response_schema": if case .schema(_, let place)? = responseFormat { return place } else { return nil }
        case "template_arguments": return "chat_template_kwargs"
        default: return nil
        }
    }
}
