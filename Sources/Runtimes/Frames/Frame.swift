/// One message between the host and a child that runs a provider.
///
/// On the wire: a header of 16 bytes, then the payload. Little endian.
///
/// | offset | field |
/// | --- | --- |
/// | 0 | u32: bytes of payload |
/// | 4 | u8: kind |
/// | 5 | u8: 1 when a descriptor comes with the frame |
/// | 6 | u16: zero |
/// | 8 | u64: the call; 0 where none |
///
/// Either side starts calls, with numbers of its own. `call`, `credit` and `cancel` speak of the sender's calls,
/// `write` and `finish` of the receiver's: so the two sets of numbers never meet.
struct Frame: Sendable {
    enum Kind: UInt8, Sendable {
        /// A request (``CallPayload``), with a memory file when its body is large.
        case call = 1
        /// Pieces of an answer (``WritePayload``).
        case write
        /// How a call ended (``FinishPayload``).
        case finish
        /// u64: the number of further bytes of the answer that may be written.
        case credit
        /// The call should end soon.
        case cancel
        /// A line of the log, as JSON; from the child alone.
        case log
        /// A measurement, as JSON; from the child alone.
        case metric
        case ping
        /// The answer to ``ping``: JSON that says what the child is doing.
        case pong
    }

    static let headerBytes = 16
    /// The limit on one frame. A larger event is refused; a larger piece of a body is split.
    static let payloadBytesMax = 16 * 1024 * 1024 + 64
    /// The limit on a child's other messages: a line of the log, a measurement, its health.
    static let noteBytesMax = 256 * 1024

    var kind: Kind
    var call: UInt64 = 0
    var payload: [UInt8] = []
    /// The receiver's to close, or a sender's that stays its own.
    var descriptor: Int32?

    /// Appends header and payload.
    func write(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + Self.headerBytes + payload.count)
        Self.writeHeader(kind, call, payloadBytes: payload.count, hasDescriptor: descriptor != nil, to: &bytes)
        bytes.append(contentsOf: payload)
    }

    static func writeHeader(
        _ kind: Kind, _ call: UInt64, payloadBytes: Int, hasDescriptor: Bool = false, to bytes: inout [UInt8]
    ) {
        bytes.append(littleEndian: UInt32(payloadBytes))
        bytes.append(kind.rawValue)
        bytes.append(hasDescriptor ? 1 : 0)
        bytes.append(contentsOf: [0, 0])
        bytes.append(littleEndian: call)
    }
}

/// A frame, or its payload, that breaks the rules. Ends the connection.
struct FrameError: Error, Sendable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// Reads numbers and spans from bytes that may be anything: every length is checked before it is used.
struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    /// `bytes` are borrowed as long as this is used.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var rest: Int { bytes.count - offset }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(FrameError) -> Number {
        let size = MemoryLayout<Number>.size
        guard rest >= size else { throw FrameError("ends in the middle of a number") }
        defer { offset += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    mutating func take(_ count: Int) throws(FrameError) -> [UInt8] {
        guard count >= 0, count <= rest else { throw FrameError("says \(count) bytes where \(rest) are left") }
        defer { offset += count }
        return Array(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
    }

    /// u32 and as many bytes.
    mutating func span() throws(FrameError) -> [UInt8] { try take(Int(try number(UInt32.self))) }

    mutating func text() throws(FrameError) -> String {
        guard let text = String(validating: try span(), as: UTF8.self) else {
            throw FrameError("has text that is not UTF-8")
        }
        return text
    }
}
