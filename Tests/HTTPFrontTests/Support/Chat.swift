import LlamaStackAPI

/// Chat requests, whose text may be a script.
enum Chat {
    static let path = "/inference/chat_completion"

    static func body(_ text: String, stream: Bool = false, model: String = "llama3_8b_chat") -> String {
        let body: JSON = [
            "model": .string(model), "dialog": ["message": ["role": "user", "content": .string(text)]],
            "stream": .bool(stream),
        ]
        return body.text
    }
}

/// The forms of a chat request: the draft's, and that of each dialect. What a connection may do to a server is tried
/// with all of them.
enum ChatForm: String, CaseIterable, Sendable {
    case draft, openAI

    var path: String {
        switch self {
        case .draft: Chat.path
        case .openAI: "/v1/chat/completions"
        }
    }

    func body(_ text: String, stream: Bool = false) -> String {
        switch self {
        case .draft: return Chat.body(text, stream: stream)
        case .openAI:
            let body: JSON = [
                "model": "llama3_8b_chat", "messages": [["role": "user", "content": .string(text)]],
                "stream": .bool(stream),
            ]
            return body.text
        }
    }
}

/// A request target with this query.
func target(_ path: String, _ query: [(String, String)]) -> String {
    guard !query.isEmpty else { return path }
    func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let plain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            return plain || byte == UInt8(ascii: "_")
                ? String(UnicodeScalar(byte))
                : "%" + String(UInt16(0x100) + UInt16(byte), radix: 16).dropFirst().uppercased()
        }.joined()
    }
    return path + "?" + query.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&")
}
