import ChildProcess
import ContractBridge
import LlamaStackAPI

/// The payload of ``Frame/Kind/call``: i64 deadline, u64 bytes of a body in a memory file (0: none), then eight spans.
enum CallPayload {
    /// A body from here on goes through a memory file.
    static let inlineBodyBytesMax = 256 * 1024

    /// The descriptor, when there is one, is the caller's to close once the frame is sent.
    static func frame(_ request: CallRequest, call: UInt64) throws(SystemFailure) -> Frame {
        let isLarge = request.body.count > inlineBodyBytesMax
        let options = request.options.isEmpty ? [] : JSON.object(request.options).bytes
        var payload: [UInt8] = []
        payload.append(littleEndian: request.deadlineNanoseconds)
        payload.append(littleEndian: UInt64(isLarge ? request.body.count : 0))
        for span in [
            Array(request.target.utf8), Array(request.method.utf8), request.parameters, isLarge ? [] : request.body,
            options, Array(request.resource.utf8), Array(request.principal.utf8), Array(request.requestID.utf8),
        ] {
            payload.append(littleEndian: UInt32(span.count))
            payload.append(contentsOf: span)
        }
        guard payload.count <= Frame.payloadBytesMax else { throw SystemFailure("call", 90) }
        var frame = Frame(kind: .call, call: call, payload: payload)
        if isLarge { frame.descriptor = try sealed(request.body) }
        return frame
    }

    private static func sealed(_ body: [UInt8]) throws(SystemFailure) -> Int32 {
        do { return try body.withUnsafeBytes { try SealedMemory.make($0) } } catch let error as SystemFailure {
            throw error
        } catch { throw SystemFailure("memfd", 0) }
    }

    /// Takes the frame's descriptor.
    static func request(_ frame: Frame) throws -> CallRequest {
        var descriptor = frame.descriptor
        defer { if let descriptor { SealedMemory.discard(descriptor) } }
        return try frame.payload.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            let deadline = try cursor.number(Int64.self)
            let mapped = try cursor.number(UInt64.self)
            let target = try cursor.text()
            var request = CallRequest(method: try cursor.text())
            request.target = target
            request.deadlineNanoseconds = deadline
            request.parameters = try cursor.span()
            request.body = try cursor.span()
            request.options = try CallRequest.options(try cursor.span())
            request.resource = try cursor.text()
            request.principal = try cursor.text()
            request.requestID = try cursor.text()
            guard cursor.rest == 0 else { throw FrameError("a call with \(cursor.rest) bytes too many") }
            guard (mapped > 0) == (descriptor != nil) else {
                throw FrameError("a call whose body is not where it says")
            }
            guard let file = descriptor else { return request }
            guard mapped <= UInt64(BodyLimits.configuredBytesMax) else {
                throw FrameError("a body of \(mapped) bytes")
            }
            descriptor = nil
            let memory = try SealedMemory.open(file, expectedSize: Int(mapped))
            request.body = memory.withBytes { Array($0) }
            return request
        }
    }
}

/// The payload of ``Frame/Kind/write``: u8 kind of write, then pieces, each a span.
enum WritePayload {
    /// A longer piece of a body is split; a longer event breaks the rules.
    static let pieceBytesMax = 16 * 1024 * 1024
    /// Beside the kind: the write goes on in the next frame.
    static let isPartial: UInt8 = 0x80

    static func pieces(_ frame: Frame) throws(FrameError) -> (kind: Int32, isPartial: Bool, pieces: [[UInt8]]) {
        do {
            return try frame.payload.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                let kind = try cursor.number(UInt8.self)
                var pieces: [[UInt8]] = []
                while cursor.rest > 0 { pieces.append(try cursor.span()) }
                return (Int32(kind & ~isPartial), kind & isPartial != 0, pieces)
            }
        } catch { throw FrameError("\(error)") }
    }
}

/// The payload of ``Frame/Kind/finish``: nothing for success, else the error as JSON with what only an operator reads.
enum FinishPayload {
    static func bytes(_ error: CallError?) -> [UInt8] {
        guard let error, case .object(var object) = error.json else { return [] }
        object["status"] = .integer(Int64(error.code.abiStatus))
        if let message = error.operatorMessage { object["operator_message"] = .string(message) }
        if let code = error.operatorCode {
            object["operator_code"] = .string(code.code)
            object["operator_status"] = .integer(Int64(code.abiStatus))
        }
        if let complaints = error.configComplaints { object["config_complaints"] = .array(complaints) }
        return JSON.object(object).bytes
    }

    static func error(_ bytes: [UInt8]) throws(FrameError) -> CallError? {
        if bytes.isEmpty { return nil }
        guard let json = try? JSON(parsing: bytes), case .integer(let status)? = json["status"],
            var error = CallError(status: Int32(clamping: status), object: bytes)
        else { throw FrameError("an end that is no error object") }
        if case .array(let complaints)? = json["config_complaints"] { error.configComplaints = complaints }
        error.operatorMessage = json["operator_message"]?.stringValue
        if let code = json["operator_code"]?.stringValue, case .integer(let status)? = json["operator_status"] {
            error.operatorCode = ErrorCode.find(code: code, abiStatus: Int32(clamping: status))
        }
        return error
    }
}
