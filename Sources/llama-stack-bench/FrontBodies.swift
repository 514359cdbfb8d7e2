import LlamaStackAPI

/// The requests that the front's measurements send: the same in the draft's form and in OpenAI's.
struct FrontBodies {
    /// Each route with a body.
    struct Pair {
        let draft: [UInt8]
        let openAI: [UInt8]
    }

    static let draftRoute = "POST /inference/chat_completion"
    static let openAIRoute = "POST /v1/chat/completions"

    /// A chat of messages of 1 KB each, the first of the system and the last of the user.
    static func chat(_ model: String, kilobytes: Int, tokens: Int, stream: Bool, opening: String = "") -> Pair {
        let texts = (0..<max(1, kilobytes)).map { number in
            opening + "Part \(number). " + String(repeating: "word ", count: (1000 - opening.utf8.count) / 5)
        }
        let roles: [Role] = texts.indices.map { index in
            index == texts.count - 1 ? .user : index == 0 ? .system : index % 2 == 1 ? .user : .assistant
        }
        return pair(model, Array(zip(roles, texts)), tokens, stream)
    }

    /// A chat of one message.
    static func chat(_ model: String, _ text: String, tokens: Int, stream: Bool) -> Pair {
        pair(model, [(.user, text)], tokens, stream)
    }

    private static func pair(_ model: String, _ messages: [(Role, String)], _ tokens: Int, _ stream: Bool) -> Pair {
        let draft = messages.map { Message(role: $0.0, content: .text($0.1)) }
        var request = ChatCompletionRequest(
            model: InstructModel(rawValue: model),
            dialog: Dialog(message: draft[draft.count - 1], messageHistory: draft.dropLast()), maxTokens: tokens)
        request.stream = stream
        var body: JSONObject = [
            "model": .string(model), "temperature": 0, "stream": .bool(stream),
            "messages": .array(messages.map { ["role": .string($0.0.rawValue), "content": .string($0.1)] }),
        ]
        if tokens > 0 { body["max_tokens"] = .integer(Int64(tokens)) }
        return Pair(draft: request.json.bytes, openAI: JSON.object(body).bytes)
    }

    /// OpenAI's request for several answers of an exact length.
    static func answers(_ model: String, _ count: Int, prompt: String, tokens: Int, seed: Int) -> [UInt8] {
        let body: JSON = [
            "model": .string(model), "messages": [["role": "user", "content": .string(prompt)]], "stream": true,
            "n": .integer(Int64(count)), "max_tokens": .integer(Int64(tokens)), "ignore_eos": true,
            "seed": .integer(Int64(seed)), "temperature": 1,
        ]
        return body.bytes
    }
}
