import Dialects
import Hummingbird

/// Writes the events of one stream in a framing. Used by one task at a time.
final class FramedOutput: EventOutput, @unchecked Sendable {
    // Unchecked because of the writer: the function that sends runs in the task that writes the body.
    private var writer: any ResponseBodyWriter
    private let framing: EventFraming
    private var lastWrite = ContinuousClock.now

    /// A stream that is silent for this long is shown to be alive, as long as its provider is.
    private static let silence = Duration.seconds(10)

    init(_ writer: any ResponseBodyWriter, _ framing: EventFraming) { (self.writer, self.framing) = (writer, framing) }

    func send(_ events: [[UInt8]]) async throws {
        guard !events.isEmpty else { return }
        var buffer = ByteBuffer()
        for event in events { framing.write(event, to: &buffer) }
        try await write(buffer)
    }

    func ping() async throws {
        guard ContinuousClock.now - lastWrite >= Self.silence else { return }
        try await write(ByteBuffer(string: framing.comment))
    }

    func finish() async throws { try await write(ByteBuffer(string: framing.ending)) }

    /// The last event of a stream that failed; what follows a whole one does not follow it.
    func fail(_ body: [UInt8]) async throws { try await send([body]) }

    func close() async throws { try await writer.finish(nil) }

    private func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
        lastWrite = .now
    }
}

extension EventFraming {
    fileprivate func write(_ event: [UInt8], to buffer: inout ByteBuffer) {
        switch self {
        case .dataLines:
            buffer.writeStaticString("data: ")
            buffer.writeBytes(event)
            buffer.writeStaticString("\n\n")
        }
    }

    fileprivate var comment: String {
        switch self {
        case .dataLines: ": ping\n\n"
        }
    }

    fileprivate var ending: String {
        switch self {
        case .dataLines: "data: \(end)\n\n"
        }
    }
}
