import CProviderABI
import LlamaStackAPI

/// The error object of the contract, in both directions: {"code", "message", "field"?, "retry_after_seconds"?}.
enum ProviderError {
    static let bytesMax = 64 * 1024

    /// nil for LSP_OK. What an internal error says is for the log: the client's message names nothing.
    static func decode(_ status: Int32, _ text: [UInt8], label: String, requestID: String, log: LogSink) -> StackError?
    {
        guard status != Int32(LSP_OK) else { return nil }
        var code: String?
        var message = ""
        var field: String?
        var retry: Int?
        var complaints: [JSON]?
        if !text.isEmpty, text.count <= bytesMax, let json = try? JSON(parsing: text) {
            if status == Int32(LSP_BAD_CONFIG), case .array(let items) = json, !items.isEmpty {
                complaints = items
                // They may quote secrets of the config, which are not known here.
                message = "refused a config: \(items.count) mistakes"
            } else {
                message = json["message"]?.stringValue ?? ""
            }
            code = json["code"]?.stringValue
            field = json["field"]?.stringValue
            if case .integer(let seconds)? = json["retry_after_seconds"] { retry = Int(clamping: max(0, seconds)) }
            if case .number(let seconds)? = json["retry_after_seconds"], seconds.isFinite {
                retry = Int(exactly: seconds.rounded(.up)).map { max(0, $0) }
            }
        } else if !text.isEmpty {
            log.log(.error, "broke the contract: its error is not a JSON object", ["call": label], source: label)
        }
        let row = ErrorCode.find(code: code, abiStatus: status)
        if row == .internal || row == .invalidConfig {
            log.log(
                .error, message.isEmpty ? "failed without a message" : message,
                ["status": String(status), "request_id": requestID], source: label)
            var error = StackError(.internal, "the provider failed; the server's log says why")
            error.operatorMessage = message.isEmpty ? nil : message
            error.operatorCode = row
            error.configComplaints = complaints
            return error
        }
        return StackError(row, message.isEmpty ? row.code : message, field: field, retryAfterSeconds: retry)
    }

    static func encode(_ error: StackError) -> [UInt8] {
        var object: JSONObject = ["code": .string(error.code.code), "message": .string(error.message)]
        if let field = error.field { object["field"] = .string(field) }
        if let retry = error.retryAfterSeconds { object["retry_after_seconds"] = .integer(Int64(retry)) }
        return JSON.object(object).bytes
    }
}
