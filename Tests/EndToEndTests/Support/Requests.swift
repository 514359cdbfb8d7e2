import LlamaStackAPI

/// Bodies of requests, as little as each needs.
enum Requests {
    static let chatPath = "/inference/chat_completion"
    static let completionPath = "/inference/completion"
    static let batchChatPath = "/inference/batch_chat_completion"
    static let batchCompletionPath = "/inference/batch_completion"

    /// - Parameter more: further members of the request.
    static func chat(
        _ text: String, system: String? = nil, model: String = "llama3_8b_chat", maxTokens: Int = 32,
        stream: Bool = false, _ more: JSONObject = [:]
    ) -> JSON {
        object(["model": .string(model), "dialog": dialog(text, system: system)], maxTokens, stream, more)
    }

    static func completion(
        _ text: String, model: String = "llama3_8b", maxTokens: Int = 32, stream: Bool = false,
        _ more: JSONObject = [:]
    ) -> JSON {
        object(["model": .string(model), "content": .string(text)], maxTokens, stream, more)
    }

    static func dialog(_ text: String, system: String? = nil) -> JSON {
        let history = system.map { [message("system", $0)] } ?? []
        return ["message": message("user", text), "message_history": .array(history)]
    }

    private static func message(_ role: String, _ text: String) -> JSON {
        ["role": .string(role), "content": .string(text)]
    }

    private static func object(_ base: JSONObject, _ maxTokens: Int, _ stream: Bool, _ more: JSONObject) -> JSON {
        var object = base
        object["max_tokens"] = .integer(Int64(maxTokens))
        object["stream"] = .bool(stream)
        for member in more.members { object[member.key] = member.value }
        return .object(object)
    }
}

extension JSON {
    var items: [JSON] {
        if case .array(let items) = self { items } else { [] }
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var int: Int? {
        if case .integer(let value) = self { Int(value) } else { nil }
    }
}
