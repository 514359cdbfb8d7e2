import DatasetRows
import LlamaStackAPI

/// One value of a row, as what it is most likely meant to be.
enum DatasetValue {
    case missing
    case number(Double)
    case text(String)
    /// A URL alone, or an attachment.
    case media(String)
    case dialog([Message])
    case json(JSON)

    init(_ value: JSON) {
        switch value {
        case .null: self = .missing
        case .integer(let number): self = .number(Double(number))
        case .number(let number): self = .number(number)
        case .exact(let number): self = .number(number.doubleValue)
        case .string(let text):
            let isURL = (try? WireURL(text)) != nil && !text.contains { $0.isWhitespace }
            self = isURL ? .media(text) : .text(text)
        case .array(let items):
            if !items.isEmpty, let messages = try? [Message](json: value, at: .root) {
                self = .dialog(messages)
            } else {
                self = .json(value)
            }
        case .object:
            if let dialog = try? Dialog(json: value, at: .root) {
                self = .dialog(dialog.messageHistory + [dialog.message])
            } else if let attachment = try? Attachment(json: value, at: .root) {
                self = .media(attachment.url.string)
            } else {
                self = .json(value)
            }
        case .bool: self = .json(value)
        }
    }

    /// nil where there is no value.
    var kind: DatasetColumnType? {
        switch self {
        case .missing: nil
        case .number: .number
        case .text: .text
        case .media: .media
        case .dialog: .dialog
        case .json: .json
        }
    }

    /// For people, on as many lines as it has.
    static func summary(of json: JSON) -> String {
        switch DatasetValue(json) {
        case .missing: "(missing)"
        case .text(let text), .media(let text): text
        case .dialog(let messages): messages.map { "\($0.role.rawValue): \($0.words)" }.joined(separator: " | ")
        case .number, .json: json.text
        }
    }

    /// The text that a model would read of it.
    var words: String? {
        switch self {
        case .text(let text): text
        case .dialog(let messages): messages.map(\.words).joined(separator: "\n")
        case .missing, .number, .media, .json: nil
        }
    }
}

extension Message {
    /// Its text; of attachments their URL.
    var words: String {
        content.all.map { item in
            switch item {
            case .text(let text): text
            case .attachment(let attachment): "[\(attachment.url.string)]"
            }
        }.joined(separator: " ")
    }
}
