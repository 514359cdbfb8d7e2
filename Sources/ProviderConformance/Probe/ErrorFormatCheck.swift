import CProviderABI
import ContractBridge
import LlamaStackAPI

/// Checks the format of errors that cross the contract.
enum ErrorFormatCheck {
    /// A message longer than this is no message.
    static let messageBytesMax = 4096
    /// An error object longer than this is not read.
    static let bytesMax = 64 << 10

    static func judge(_ status: Int32, _ bytes: [UInt8], of call: CallRecord) {
        if let what = problem(status, bytes, of: call) { call.report.broken(.errors, "\(call.name): \(what)") }
    }

    private static func problem(_ status: Int32, _ bytes: [UInt8], of call: CallRecord) -> String? {
        if status == Int32(LSP_OK) {
            return bytes.isEmpty ? nil : "it finished with LSP_OK and an error all the same: \(quoted(bytes))"
        }
        guard (Int32(LSP_OK)...Int32(LSP_BAD_CONFIG)).contains(status) else {
            return "it finished with the status \(status), which lsp_status does not have"
        }
        if status == Int32(LSP_BAD_CONFIG) {
            if case .create = call.purpose { return complaintsProblem(bytes) }
            // A resource is a part of the distribution too; the host shows its mistake at its line.
            guard call.name == "register" else {
                return "it finished with LSP_BAD_CONFIG, which is for create and register"
            }
        }
        if bytes.isEmpty { return nil }
        guard bytes.count <= bytesMax else { return "its error object is longer than \(bytesMax) bytes" }
        guard let json = try? JSON(parsing: bytes), case .object = json else {
            return "its error is not a JSON object: \(quoted(bytes))"
        }
        return objectProblem(json, status)
    }

    private static func objectProblem(_ error: JSON, _ status: Int32) -> String? {
        guard let code = error["code"]?.stringValue else {
            return "its error object has no \"code\": \(Quote.of(error.text))"
        }
        let rows = ErrorCode.all.filter { $0.code == code }
        if rows.isEmpty { return "its error code \(Quote.of(code)) is not in the table of codes" }
        if !rows.contains(where: { $0.abiStatus == status }) {
            return "its error code '\(code)' belongs to the status \(rows[0].abiStatus); it finished with \(status)"
        }
        guard let message = error["message"]?.stringValue else { return "its error object has no \"message\"" }
        if let what = messageProblem(message) { return what }
        if let field = error["field"], field.stringValue == nil {
            return "its error's \"field\" is \(field.kind), wanted a string"
        }
        switch error["retry_after_seconds"] {
        case nil, .integer?, .number?, .exact?: return nil
        case let other?: return "its error's \"retry_after_seconds\" is \(other.kind), wanted a number"
        }
    }

    private static func messageProblem(_ message: String) -> String? {
        if message.utf8.count > messageBytesMax {
            return "its error message has \(message.utf8.count) bytes; at most \(messageBytesMax) are sensible"
        }
        if message.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            return "its error message holds control characters: \(Quote.of(message))"
        }
        return nil
    }

    /// LSP_BAD_CONFIG comes with an array.
    private static func complaintsProblem(_ bytes: [UInt8]) -> String? {
        let wanted = "LSP_BAD_CONFIG comes with an array of {\"pointer\", \"code\", \"message\"}"
        guard let json = try? JSON(parsing: bytes), case .array(let items) = json, !items.isEmpty else {
            return "\(wanted), got \(quoted(bytes))"
        }
        for item in items {
            guard let pointer = item["pointer"]?.stringValue, pointer.isEmpty || pointer.hasPrefix("/"),
                let message = item["message"]?.stringValue
            else { return "\(wanted), got \(Quote.of(item.text))" }
            if let what = messageProblem(message) { return what }
        }
        return nil
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        Quote.of(String(decoding: bytes.prefix(200), as: UTF8.self))
    }
}

/// An error for people.
enum ErrorText {
    private static let names = [
        "LSP_OK", "LSP_BAD_REQUEST", "LSP_INVALID", "LSP_NOT_FOUND", "LSP_CONFLICT", "LSP_TOO_LARGE", "LSP_BUSY",
        "LSP_UNSUPPORTED", "LSP_UNAVAILABLE", "LSP_TIMEOUT", "LSP_STORAGE_FULL", "LSP_CANCELLED", "LSP_INTERNAL",
        "LSP_BAD_CONFIG",
    ]

    static func name(_ status: Int32) -> String {
        names.indices.contains(Int(status)) ? names[Int(status)] : "status \(status)"
    }

    /// "LSP_NOT_FOUND (not_found: there is no model 'x')".
    static func of(_ status: Int32, _ error: [UInt8]) -> String {
        guard !error.isEmpty else { return name(status) }
        guard let json = try? JSON(parsing: error), let message = json["message"]?.stringValue else {
            return "\(name(status)) (\(Quote.line(String(decoding: error.prefix(400), as: UTF8.self))))"
        }
        return "\(name(status)) (\(json["code"]?.stringValue ?? "no code"): \(Quote.line(message)))"
    }
}
