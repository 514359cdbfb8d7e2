import ChatTemplates
import InferenceCPU
import ProviderKit

/// One row of a dataset, read.
enum Example: Sendable {
    /// `keepsLoss`: for each message, whether what it says may carry loss; nil: all may.
    case dialog([ChatMessage], keepsLoss: [Bool]?)
    case text(String)
    /// An answer is one message of the assistant.
    case preference(prompt: [ChatMessage], chosen: ChatMessage, rejected: ChatMessage)

    /// Throws a ``WireError`` that begins with the column.
    init(_ values: JSONObject, _ form: ExampleForm) throws {
        switch form {
        case .text: self = .text(try String(json: values["text"] ?? .null, at: .root["text"]))
        case .dialog:
            let messages = try Self.messages(values, "dialog")
            self = .dialog(messages, keepsLoss: try Self.keepsLoss(values["keep_loss"], messages.count))
        case .preference:
            let prompt = try Self.messages(values, "prompt")
            guard prompt.last?.role != .assistant else {
                throw WireError(.root["prompt"], "must end with a message to answer, not with the assistant's")
            }
            self = .preference(
                prompt: prompt, chosen: try Self.answer(values, "chosen", to: prompt),
                rejected: try Self.answer(values, "rejected", to: prompt))
        }
    }

    /// The messages of a column of dialogs, in either of its spellings.
    private static func messages(_ values: JSONObject, _ column: String) throws -> [ChatMessage] {
        let json = values[column] ?? .null
        let dialog: Dialog
        if case .array = json {
            var messages = try [Message](json: json, at: .root[column])
            guard let last = messages.popLast() else { throw WireError(.root[column], "must have a message") }
            dialog = Dialog(message: last, messageHistory: messages)
        } else {
            dialog = try Dialog(json: json, at: .root[column])
        }
        do { return try ChatConversation(dialog, at: column, tools: []).messages } catch let error as ProviderError {
            // The message begins with the place already.
            let place = error.field ?? column
            let reason = error.message.hasPrefix(place) ? error.message.dropFirst(place.count + 1) : error.message[...]
            throw WireError(.root[place], String(reason))
        }
    }

    private static func keepsLoss(_ json: JSON?, _ messages: Int) throws -> [Bool]? {
        guard let json, json != .null else { return nil }
        let flags = try [Bool](json: json, at: .root["keep_loss"])
        guard flags.count == messages else {
            throw WireError(
                .root["keep_loss"],
                "must have as many values as the dialog has messages (\(messages)), got \(flags.count)")
        }
        return flags
    }

    /// A text, or a dialog of the answer alone or of the prompt and the answer.
    private static func answer(_ values: JSONObject, _ column: String, to prompt: [ChatMessage]) throws -> ChatMessage {
        if case .string(let text)? = values[column] { return ChatMessage(role: .assistant, content: text) }
        let messages = try messages(values, column)
        guard let answer = messages.last, answer.role == .assistant else {
            throw WireError(.root[column], "must end with a message of the assistant")
        }
        guard messages.count == 1 || Array(messages.dropLast()) == prompt else {
            throw WireError(.root[column], "must be one message of the assistant, or the row's prompt and that message")
        }
        return answer
    }
}
