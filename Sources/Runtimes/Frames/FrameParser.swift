extension Frame.Kind {
    fileprivate var payloadBytesMax: Int {
        switch self {
        case .call, .write, .finish: Frame.payloadBytesMax
        case .credit: 8
        case .cancel, .ping: 0
        case .log, .metric, .pong: Frame.noteBytesMax
        }
    }
}

/// Cuts what came over the socket into frames. Descriptors come in the order of the frames that announce them.
struct FrameParser {
    private var bytes: [UInt8] = []
    private var start = 0
    private var descriptors: [Int32] = []

    /// Adds received bytes. The parser takes ownership of `descriptor`: it closes it or passes it on.
    mutating func add(_ received: UnsafeRawBufferPointer, descriptor: Int32?) {
        if start == bytes.count { (bytes, start) = ([], 0) }
        bytes.append(contentsOf: received)
        if let descriptor { descriptors.append(descriptor) }
    }

    /// The next whole frame; nil when more bytes are needed. After an error nothing more can be read.
    mutating func next() throws(FrameError) -> Frame? {
        let rest = bytes.count - start
        guard rest >= Frame.headerBytes else {
            compact()
            return try nothing(descriptorsMax: min(rest, 1))
        }
        let (size, number, flags, reserved, call) = try header()
        guard let kind = Frame.Kind(rawValue: number) else { throw FrameError("unknown kind \(number)") }
        let sizeMax = kind.payloadBytesMax
        guard size <= sizeMax else { throw FrameError("a \(kind) with a payload of \(size) bytes; at most \(sizeMax)") }
        guard flags <= 1, reserved == 0 else { throw FrameError("unknown flags") }
        guard flags == 0 || kind == .call else { throw FrameError("a \(kind) with a descriptor") }
        guard rest - Frame.headerBytes >= size else {
            compact()
            return try nothing(descriptorsMax: Int(flags))
        }
        let begin = start + Frame.headerBytes
        start = begin + size
        var frame = Frame(kind: kind, call: call, payload: Array(bytes[begin..<start]))
        if flags == 1 {
            guard !descriptors.isEmpty else { throw FrameError("announces a descriptor that did not come") }
            frame.descriptor = descriptors.removeFirst()
        }
        return frame
    }

    /// For the end: closes what no frame has taken.
    mutating func closeDescriptors(_ close: (Int32) -> Void) {
        descriptors.forEach(close)
        descriptors = []
    }

    private func header() throws(FrameError) -> (Int, UInt8, UInt8, UInt16, UInt64) {
        do {
            return try bytes.withUnsafeBytes { buffer in
                var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: buffer[start..<start + Frame.headerBytes]))
                return (
                    Int(try cursor.number(UInt32.self)), try cursor.number(UInt8.self), try cursor.number(UInt8.self),
                    try cursor.number(UInt16.self), try cursor.number(UInt64.self)
                )
            }
        } catch { throw FrameError("\(error)") }
    }

    /// A descriptor arrives with the first byte of its frame: there is none but that of the frame that has begun. Else
    /// a sender could fill our table of descriptors within one frame.
    private func nothing(descriptorsMax: Int) throws(FrameError) -> Frame? {
        guard descriptors.count <= descriptorsMax else { throw FrameError("sent descriptors that no frame announces") }
        return nil
    }

    /// Moves a started frame to the front, so that what was read is freed.
    private mutating func compact() {
        guard start > 0 else { return }
        bytes.removeSubrange(0..<start)
        start = 0
    }
}
