import DatasetRows
import ProviderKit

/// Which columns of a dataset a job reads.
enum ExampleForm: String, WireEnum {
    /// `dialog`, and where it is there `keep_loss`.
    case dialog
    /// `text`.
    case text
    /// `prompt`, `chosen`, `rejected`.
    case preference

    /// The columns that are read; others may be there.
    var columns: [String] {
        switch self {
        case .dialog: ["dialog", "keep_loss"]
        case .text: ["text"]
        case .preference: ["prompt", "chosen", "rejected"]
        }
    }

    /// - Parameter field: of the request: `dataset` or `validation_dataset`.
    init(_ columns: [String: DatasetColumn], for kind: JobRequest.Kind, field: String) throws {
        let field = "\(field).columns"
        switch kind {
        case .supervised:
            switch (columns["dialog"] != nil, columns["text"] != nil) {
            case (true, false): self = .dialog
            case (false, true): self = .text
            case (true, true):
                throw Self.refusal(
                    field, "has 'dialog' and 'text': leave one of them out, to say which of them is trained on")
            case (false, false):
                throw Self.refusal(field, "must have 'dialog' (dialog) or 'text' (text) to train on")
            }
        case .preference: self = .preference
        }
        for (name, types) in wanted {
            guard let column = columns[name] else {
                if name == "keep_loss" { continue }
                throw Self.refusal(field, "must have '\(name)' (\(Self.words(types)))")
            }
            guard types.contains(column.type) else {
                throw Self.refusal(
                    "\(field).\(name)", "must be \(Self.words(types)), got \(column.type.rawValue)")
            }
            guard !column.isNullable || name == "keep_loss" else {
                throw Self.refusal("\(field).\(name)", "must not be nullable: every row is trained on")
            }
        }
    }

    private var wanted: [(name: String, types: [DatasetColumnType])] {
        switch self {
        case .dialog: [("dialog", [.dialog]), ("keep_loss", [.json])]
        case .text: [("text", [.text])]
        case .preference: [("prompt", [.dialog]), ("chosen", [.text, .dialog]), ("rejected", [.text, .dialog])]
        }
    }

    private static func words(_ types: [DatasetColumnType]) -> String {
        types.map(\.rawValue).joined(separator: " or ")
    }

    private static func refusal(_ field: String, _ reason: String) -> ProviderError {
        ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
    }
}
