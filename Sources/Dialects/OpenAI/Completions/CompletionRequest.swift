import LlamaStackAPI

/// The body of `POST /v1/completions`.
struct CompletionBody: DialectBody {
    /// One text. Token ids are another model's.
    struct Prompt: WireValue {
        var text: String

        static var schema: Schema { .oneOf([String.schema, .array(String.schema, counts: 1...1)]) }
        var json: JSON { .string(text) }

        init(json: JSON, at path: FieldPath) throws {
            switch json {
            case .string(let text): self.text = text
            case .array(let items) where items.count == 1:
                guard case .string(let text) = items[0] else { throw Self.tokens(path) }
                self.text = text
            case .array(let items):
                guard items.allSatisfy({ if case .string = $0 { true } else { false } }) else {
                    throw Self.tokens(path)
                }
                throw WireError(path, "must be one text, got \(items.count): send a request for each")
            default: throw WireError(path, "must be a string, got \(json.kind)")
            }
        }

        private static func tokens(_ path: FieldPath) -> WireError {
            WireError(
                path,
                "must be a text: the tokens of another tokenizer mean nothing to this model; send text "
                    + "(lm-eval: tokenized_requests=False)", code: .unsupportedContent)
        }
    }

    var model: String
    var prompt: Prompt
    var sampling: SamplingFields
    var logprobs: Int?
    var echo: Bool
    var rest = JSONObject()

    init(model: String, prompt: Prompt, sampling: SamplingFields, logprobs: Int?, echo: Bool) {
        (self.model, self.prompt, self.sampling, self.logprobs) = (model, prompt, sampling, logprobs)
        self.echo = echo
    }

    static let tokensDefault = 16

    static let object = Object(
        "OpenAICompletionRequest", rest: \Self.rest, Self.init(model:prompt:sampling:logprobs:echo:),
        Field("model", \.model, check: .identifier, "The model's id or an alias."),
        Field("prompt", \.prompt, "The text to continue, or a list of one."),
        Inline(\.sampling, SamplingFields.object),
        Field(
            "logprobs", \.logprobs, ifPresent: .within(0...GenerationOptions.topLogprobsMax),
            schema: .integer(minimum: 0, maximum: Int64(GenerationOptions.topLogprobsMax)),
            "Answer the log probabilities of the tokens, and of this many of the likeliest."),
        Field("echo", \.echo, default: false, "Only false: the prompt is not repeated."))

    static let policy = FieldPolicy(
        withoutEffect: ["user"],
        refused: [
            .init("suffix", unless: [""], "the models of this server continue texts at their end"),
            .init("best_of", unless: [1], "send n, and choose"),
        ])

    /// - Parameter stream: the answer is read as events, whatever the client asked for.
    func draft(stream: Bool) -> CompletionRequest {
        CompletionRequest(
            content: .text(prompt.text), model: PretrainedModel(rawValue: model),
            samplingParams: sampling.parameters, maxTokens: sampling.maxTokens ?? Self.tokensDefault, stream: stream,
            logprobs: logprobs != nil)
    }

    func options() throws(DialectError) -> GenerationOptions {
        try sampling.check()
        guard !echo else {
            throw DialectError(
                .unsupportedOption, "echo is not supported here: the client has the prompt", field: "echo")
        }
        var options = sampling.options
        if let logprobs, logprobs > 0 { options.topLogprobs = logprobs }
        return options
    }

    /// The client's field for one of the draft's.
    func clientField(_ field: String) -> String? {
        if field == "content" { return "prompt" }
        if field.hasPrefix("sampling_params.") { return String(field.dropFirst("sampling_params.".count)) }
        return field == "top_logprobs" ? "logprobs" : nil
    }
}
