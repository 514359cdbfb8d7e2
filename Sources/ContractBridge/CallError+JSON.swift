import CProviderABI
import LlamaStackAPI

/// The error object of the contract, in both directions: {"code", "message", "field"?, "retry_after_seconds"?}.
extension CallError {
    /// A larger error object is taken for a broken one.
    package static let objectBytesMax = 64 * 1024

    package var json: JSON {
        var object: JSONObject = ["code": .string(code.code), "message": .string(message)]
        if let field { object["field"] = .string(field) }
        if let retryAfterSeconds { object["retry_after_seconds"] = .integer(Int64(retryAfterSeconds)) }
        return .object(object)
    }

    /// The object that goes with ``ErrorCode/abiStatus``.
    package var object: [UInt8] { json.bytes }

    /// False for bytes that are no error object. None at all are one: the status says enough.
    package static func isObject(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || members(of: bytes) != nil }

    /// The error of a call that ended with `status`; nil for LSP_OK. Bytes that are no error object still make an error
    /// of that status.
    package init?(status: Int32, object bytes: [UInt8]) {
        guard status != Int32(LSP_OK) else { return nil }
        let members = bytes.isEmpty ? nil : Self.members(of: bytes)
        let code = ErrorCode.find(code: members?["code"]?.stringValue, abiStatus: status)
        let message = members?["message"]?.stringValue ?? ""
        self.init(code, message.isEmpty ? code.code : message, field: members?["field"]?.stringValue)
        retryAfterSeconds = members?["retry_after_seconds"].flatMap(Self.seconds)
    }

    private static func members(of bytes: [UInt8]) -> JSONObject? {
        guard bytes.count <= objectBytesMax, case .object(let members)? = try? JSON(parsing: bytes) else { return nil }
        return members
    }

    private static func seconds(_ json: JSON) -> Int? {
        switch json {
        case .integer(let seconds): Int(clamping: max(0, seconds))
        default:
            json.numberValue.flatMap { $0.isFinite ? Int(exactly: $0.rounded(.up)).map { max(0, $0) } : nil }
        }
    }
}
