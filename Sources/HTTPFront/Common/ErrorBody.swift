import Host
import Hummingbird
import LlamaStackAPI

/// The one format of an error on the wire: `{"detail": {"code", "message", "field"?, "request_id"}}`.
enum ErrorBody {
    static func bytes(_ code: ErrorCode, _ message: String, field: String? = nil, requestID: String) -> [UInt8] {
        json(code, message, field: field, requestID: requestID).bytes
    }

    static func bytes(_ error: CallError, requestID: String) -> [UInt8] {
        bytes(error.code, publicMessage(of: error), field: error.field, requestID: requestID)
    }

    /// The inside of an internal fault goes to the log, never to the client.
    static func publicMessage(of error: CallError) -> String {
        error.code.httpStatus == 500 ? "internal error; the log has it under this request_id" : error.message
    }

    /// After these the rest of the body is not read: the connection ends with the answer.
    static func endsConnection(_ code: ErrorCode) -> Bool {
        [408, 413, 414, 415, 431].contains(code.httpStatus) || code == .shuttingDown
    }

    private static func json(_ code: ErrorCode, _ message: String, field: String?, requestID: String) -> JSON {
        var detail = JSONObject()
        detail["code"] = .string(code.code)
        detail["message"] = .string(message)
        if let field { detail["field"] = .string(field) }
        if !requestID.isEmpty { detail["request_id"] = .string(requestID) }
        return ["detail": .object(detail)]
    }
}

extension Response {
    /// The answer to a request that failed before anything of its answer was sent.
    init(_ error: CallError, requestID: String) {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        if let seconds = error.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if ErrorBody.endsConnection(error.code) { headers[.connection] = "close" }
        self.init(
            status: .init(code: error.code.httpStatus), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: ErrorBody.bytes(error, requestID: requestID))))
    }
}
