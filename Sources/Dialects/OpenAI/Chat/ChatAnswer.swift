import LlamaStackAPI

/// A whole answer to a chat.
struct ChatAnswer: WireRecord {
    struct Choice: WireRecord {
        var index: Int
        var message: Reply
        var logprobs: OrNull<ChatLogprobs>
        var finishReason: FinishReason

        static let object = Object(
            "OpenAIChatChoice", isComponent: false, Self.init,
            Field("index", \.index, "Which of the answers it is, from 0."),
            Field("message", \.message, "The answer."),
            Field("logprobs", \.logprobs, "Of the tokens, when they were asked for."),
            Field("finish_reason", \.finishReason, "Why the answer ended."))
    }

    struct Reply: WireRecord {
        var content: OrNull<String>
        var toolCalls: [ReplyCall]?
        var reasoning: String?

        init(content: String?, toolCalls: [ReplyCall]?, reasoning: String?) {
            (self.content, self.toolCalls, self.reasoning) = (OrNull(content), toolCalls, reasoning)
        }

        static let object = Object(
            "OpenAIReply", isComponent: false,
            { (_: AssistantRole, content: OrNull<String>, _: OrNull<String>, calls, reasoning: String?, _: String?) in
                Reply(content: content.value, toolCalls: calls, reasoning: reasoning)
            },
            Field("role", \.role, constant: .assistant, "Always assistant."),
            Field("content", \.content, "What the model wrote; null beside tool_calls."),
            Field("refusal", \.refusal, "Always null."),
            Field("tool_calls", \.toolCalls, "The tools that the model wants called."),
            Field("reasoning_content", \.reasoning, "What the model thought before it answered."),
            Field("reasoning", \.reasoning, "As reasoning_content."))

        private var role: AssistantRole { .assistant }
        private var refusal: OrNull<String> { OrNull(nil) }
    }

    var id: String
    var created: Int
    var model: String
    var choices: [Choice]
    var usage: UsageBody?

    static let object = Object(
        "OpenAIChatCompletion",
        { (id, _: ChatObject, created, model, choices, usage: UsageBody?) in
            ChatAnswer(id: id, created: created, model: model, choices: choices, usage: usage)
        },
        Field("id", \.id, "Names this answer."),
        Field("object", \.kind, constant: .completion, "Always chat.completion."),
        Field("created", \.created, "In seconds since 1970."),
        Field("model", \.model, "As the request names it."),
        Field("choices", \.choices, "The answers."),
        Field("usage", \.usage, "The tokens that the request took; absent where the provider does not count them."))

    private var kind: ChatObject { .completion }

    /// The text of the fields, in a third of the time that a walk over them takes: every whole answer is one.
    func write(to bytes: inout [UInt8]) {
        bytes += #"{"id":"#.utf8
        id.write(to: &bytes)
        bytes += #","object":"\#(kind.rawValue)","created":\#(created),"model":"#.utf8
        model.write(to: &bytes)
        bytes += #","choices":["#.utf8
        for (place, choice) in choices.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            choice.write(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        if let usage {
            bytes += #","usage":"#.utf8
            usage.write(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension ChatAnswer.Choice {
    /// See ``ChatAnswer/write(to:)``.
    func write(to bytes: inout [UInt8]) {
        bytes += #"{"index":\#(index),"message":{"role":"assistant","content":"#.utf8
        message.content.write(to: &bytes)
        bytes += #","refusal":null"#.utf8
        if let calls = message.toolCalls {
            bytes += #","tool_calls":"#.utf8
            calls.write(to: &bytes)
        }
        if let reasoning = message.reasoning {
            for key in ["reasoning_content", "reasoning"] {
                bytes += #","\#(key)":"#.utf8
                reasoning.write(to: &bytes)
            }
        }
        bytes += #"},"logprobs":"#.utf8
        logprobs.write(to: &bytes)
        bytes += #","finish_reason":"#.utf8
        finishReason.write(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}

enum ChatObject: String, WireEnum {
    case completion = "chat.completion"
    case chunk = "chat.completion.chunk"
}

enum AssistantRole: String, WireEnum { case assistant }

/// A call in an answer.
struct ReplyCall: WireRecord, Hashable {
    struct Function: WireRecord, Hashable {
        var name: String
        var arguments: String
        static let object = Object(
            "OpenAIReplyFunction", isComponent: false, Self.init, Field("name", \.name, "The tool's name."),
            Field("arguments", \.arguments, "The arguments, as a JSON text."))
    }

    var id: String
    var function: Function

    init(id: String, function: Function) { (self.id, self.function) = (id, function) }

    init(_ call: ToolCall, id: String) {
        self.init(id: id, function: .init(name: call.toolName, arguments: JSON.object(call.arguments).text))
    }

    static let object = Object(
        "OpenAIReplyCall", isComponent: false,
        { (id, _: String, function) in ReplyCall(id: id, function: function) },
        Field("id", \.id, "What the message with its result names it by."),
        Field("type", \.type, "Always function."), Field("function", \.function, "What is called."))

    private var type: String { "function" }
}

/// The log probabilities of an answer.
struct ChatLogprobs: WireRecord {
    struct Token: WireRecord {
        struct Top: WireRecord {
            var token: String
            var logprob: Float
            var bytes: [Int]
            static let object = Object(
                "OpenAITopLogprob", isComponent: false, Self.init, Field("token", \.token), Field("logprob", \.logprob),
                Field("bytes", \.bytes))
        }

        var token: String
        var logprob: Float
        var bytes: [Int]
        var top: [Top]

        static let object = Object(
            "OpenAITokenLogprob", isComponent: false, Self.init, Field("token", \.token, "The token's text."),
            Field("logprob", \.logprob, "The natural logarithm of its probability."),
            Field("bytes", \.bytes, "Its bytes."), Field("top_logprobs", \.top, "The likeliest in its place."))
    }

    var content: [Token]
    static let object = Object(
        "OpenAIChatLogprobs", isComponent: false, Self.init, Field("content", \.content, "For each token."))

    init(content: [Token]) { self.content = content }

    init(_ tokens: [TokenLogprob]) {
        content = tokens.map { token in
            Token(
                token: token.token, logprob: token.logprob, bytes: token.bytes,
                top: token.top.map { .init(token: $0.token, logprob: $0.logprob, bytes: $0.bytes) })
        }
    }
}
