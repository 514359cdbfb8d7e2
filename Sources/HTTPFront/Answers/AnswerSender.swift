import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import Logging
import NIOCore

/// Turns the answer of a call into an HTTP response. Nothing is sent before the first part has come, so that an early
/// error keeps its status.
struct AnswerSender: Sendable {
    let call: RunningCall
    let requestID: String
    let logger: Logger

    /// A whole answer is gathered up to this size and sent with its length; what is larger is sent as it comes.
    private static let gatheredBytesMax = 1024 * 1024

    // MARK: Whole answers

    func whole(_ form: AnswerForm, asArray: Bool) async throws -> Response {
        if form == .jsonLines, asArray {
            return response(ByteBuffer(bytes: Self.array(try await call.collect())), "application/json")
        }
        let type = form == .jsonLines ? "application/jsonl" : "application/json"
        var body = ByteBuffer()
        while let parts = try await call.nextParts() {
            for part in parts { body.writeBytes(try Self.body(part)) }
            if body.readableBytes > Self.gatheredBytesMax { return streamed(body, type) }
        }
        return form == .empty ? Response(status: .ok) : response(body, type)
    }

    private func response(_ body: ByteBuffer, _ type: String) -> Response {
        Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: body))
    }

    /// The beginning of a large answer, then the rest as it comes. A failure on the way ends the connection without the
    /// closing chunk: the client sees that the body is not whole.
    private func streamed(_ beginning: ByteBuffer, _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody { writer in
                try await writer.write(beginning)
                while let parts = try await call.nextParts() {
                    var buffer = ByteBuffer()
                    for part in parts { buffer.writeBytes(try Self.body(part)) }
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }

    private static func body(_ part: AnswerPart) throws -> [UInt8] {
        guard case .body(let bytes) = part else {
            throw StackError(.internal, "the provider sent events in place of a whole answer")
        }
        return bytes
    }

    /// JSON Lines as a JSON array.
    static func array(_ lines: [UInt8]) -> [UInt8] {
        let items = lines.split(separator: UInt8(ascii: "\n"))
        return [UInt8(ascii: "[")] + items.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    // MARK: Streams

    func eventStream() async throws -> Response {
        let first = try await call.nextParts()
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", Self.buffering: "no"],
            body: ResponseBody { writer in
                do {
                    var parts = first
                    while let some = parts {
                        try await writer.write(try Self.records(some))
                        parts = try await call.nextParts()
                    }
                } catch let error as StackError where error.code != .cancelled {
                    if error.code.httpStatus == 500 { logger.error("\(error.message)") }
                    try await writer.write(Self.errorRecord(error, requestID: requestID))
                }
                try await writer.finish(nil)
            })
    }

    /// Proxies that hold answers back would make a stream useless.
    private static let buffering = HTTPField.Name("X-Accel-Buffering")!

    /// One record per event: a line `data: ` and the JSON, then an empty line.
    private static func records(_ parts: [AnswerPart]) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        for part in parts {
            guard case .event(let bytes) = part else {
                throw StackError(.internal, "the provider sent a whole answer in place of events")
            }
            buffer.writeStaticString("data: ")
            buffer.writeBytes(bytes)
            buffer.writeStaticString("\n\n")
        }
        return buffer
    }

    private static func errorRecord(_ error: StackError, requestID: String) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: error\ndata: ")
        buffer.writeBytes(ErrorBody.bytes(error, requestID: requestID))
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
