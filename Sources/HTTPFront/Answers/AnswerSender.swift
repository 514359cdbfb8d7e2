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
    private static let writtenBytesMax = 256 * 1024

    // MARK: Whole answers

    func whole(_ format: AnswerFormat, asArray: Bool) async throws -> Response {
        if format == .jsonLines, asArray {
            let lines = try await call.collect()
            let array = try await OffPool.run(bytes: lines.count) { Self.array(lines) }
            return response(ByteBuffer(bytes: array), "application/json")
        }
        let type = format == .jsonLines ? "application/jsonl" : "application/json"
        var body = ByteBuffer()
        while let parts = try await call.nextParts() {
            let pieces = try parts.map(Self.body)
            if pieces.reduce(body.readableBytes, { $0 + $1.count }) > Self.gatheredBytesMax {
                return streamed(body, pieces, type)
            }
            for piece in pieces { body.writeBytes(piece) }
        }
        guard format != .empty else { return Response(status: .ok) }
        guard format == .jsonLines || body.readableBytes > 0 else {
            throw CallError(.internal, "the provider ended the call without an answer")
        }
        return response(body, type)
    }

    private func response(_ body: ByteBuffer, _ type: String) -> Response {
        Response(status: .ok, headers: [.contentType: type], body: .init(byteBuffer: body))
    }

    /// The beginning of a large answer, then the rest as it comes. A failure on the way ends the connection without the
    /// closing chunk: the client sees that the body is not whole.
    private func streamed(_ beginning: ByteBuffer, _ next: [[UInt8]], _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody { writer in
                if beginning.readableBytes > 0 { try await writer.write(beginning) }
                var pieces = next
                while true {
                    for piece in pieces { try await Self.write(piece, to: &writer) }
                    guard let parts = try await call.nextParts() else { break }
                    pieces = try parts.map(Self.body)
                }
                try await writer.finish(nil)
            })
    }

    /// In slices: copying all of a large piece would hold up the thread, and keep it twice in memory.
    private static func write(_ piece: [UInt8], to writer: inout any ResponseBodyWriter) async throws {
        for start in stride(from: 0, to: piece.count, by: writtenBytesMax) {
            try await writer.write(ByteBuffer(bytes: piece[start..<min(start + writtenBytesMax, piece.count)]))
        }
    }

    private static func body(_ part: AnswerPart) throws -> [UInt8] {
        guard case .body(let bytes) = part else {
            throw CallError(.internal, "the provider sent events in place of a whole answer")
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
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .buffering: "no"],
            body: ResponseBody { writer in
                do {
                    guard first != nil else {
                        throw CallError(.internal, "the provider ended the stream without an event")
                    }
                    var parts = first
                    while let some = parts {
                        try await writer.write(try Self.records(some))
                        parts = try await call.nextParts()
                    }
                } catch let error as CallError where error.code != .cancelled {
                    if error.code.httpStatus == 500 {
                        logger.error("\(error.message)", metadata: RequestID.metadata(requestID))
                    }
                    try await writer.write(Self.errorRecord(error, requestID: requestID))
                }
                try await writer.finish(nil)
            })
    }

    /// One record per event: a line `data: ` and the JSON, then an empty line.
    private static func records(_ parts: [AnswerPart]) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        for part in parts {
            guard case .event(let bytes) = part else {
                throw CallError(.internal, "the provider sent a whole answer in place of events")
            }
            buffer.writeStaticString("data: ")
            buffer.writeBytes(bytes)
            buffer.writeStaticString("\n\n")
        }
        return buffer
    }

    private static func errorRecord(_ error: CallError, requestID: String) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: error\ndata: ")
        buffer.writeBytes(ErrorBody.bytes(error, requestID: requestID))
        buffer.writeStaticString("\n\n")
        return buffer
    }
}
