import CommandSupport
import Host
import LlamaStackAPI
import Synchronization

/// One answer: shown as it comes, and kept for the conversation.
final class ChatAnswer: Sendable {
    private let connection: any StackConnection
    private let request: ChatCompletionRequest
    private let options: JSONObject
    private let reply = Mutex("")

    /// - Parameter options: those of the call, beside the request.
    init(connection: any StackConnection, request: ChatCompletionRequest, options: JSONObject) {
        (self.connection, self.request, self.options) = (connection, request, options)
    }

    /// The text of the answer so far.
    var text: String { reply.withLock { $0 } }

    func print() async throws {
        var isWhole = false
        var output = PieceOutput()
        let endpoint = Inference.chatCompletion.description
        for try await event in connection.events(endpoint, body: request.json, options: options) {
            let chunk = try ChatCompletionResponseStreamChunk(json: event, at: .root)
            output.write(chunk.textDelta)
            reply.withLock { $0 += chunk.textDelta }
            if let call = chunk.toolCall {
                output.write("[calls \(call.toolName) \(JSON.object(call.arguments).text)]")
            }
            if chunk.stopReason != nil { isWhole = true }
        }
        try Task.checkCancellation()
        output.write("\n")
        guard isWhole else { throw CallError(.internal, "the answer broke off") }
    }
}

/// The messages so far.
struct Conversation {
    private var messages: [Message]

    init(system: String?) {
        messages = system.map { [Message(role: .system, content: .text($0))] } ?? []
    }

    func dialog(asking text: String) -> Dialog {
        Dialog(message: Message(role: .user, content: .text(text)), messageHistory: messages)
    }

    mutating func add(question: String, reply: String) {
        messages.append(Message(role: .user, content: .text(question)))
        messages.append(Message(role: .assistant, content: .text(reply)))
    }
}
