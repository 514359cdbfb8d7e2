/// Cuts what came over the socket into frames. Descriptors come in the order of the frames that announce them.
struct FrameParser {
    private var bytes: [UInt8] = []
    private var start = 0
    private var descriptors: [Int32] = []

    /// What was received; `descriptor` is this parser's to close or to pass on.
    mutating func add(_ received: UnsafeRawBufferPointer, descriptor: Int32?) {
        if start == bytes.count { (bytes, start) = ([], 0) }
        bytes.append(contentsOf: received)
        if let descriptor { descriptors.append(descriptor) }
    }

    /// The next whole frame; nil when more bytes are needed. After an error nothing more can be read.
    mutating func next() throws(FrameError) -> Frame? {
        guard bytes.count - start >= Frame.headerBytes else {
            compact()
            return try checkDescriptors()
        }
        let (size, number, flags, reserved, call) = try header()
        guard let kind = Frame.Kind(rawValue: number) else { throw FrameError("unknown kind \(number)") }
        guard size <= Frame.payloadBytesMax else {
            throw FrameError("a payload of \(size) bytes; at most \(Frame.payloadBytesMax)")
        }
        guard flags <= 1, reserved == 0 else { throw FrameError("unknown flags") }
        guard bytes.count - start - Frame.headerBytes >= size else {
            compact()
            return nil
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

    /// A descriptor has arrived no later than the first byte of its frame: at most one is early.
    private func checkDescriptors() throws(FrameError) -> Frame? {
        guard descriptors.count <= 1 else { throw FrameError("sent descriptors that no frame announces") }
        return nil
    }

    /// Moves a started frame to the front, so that what was read is freed.
    private mutating func compact() {
        guard start > 0 else { return }
        bytes.removeSubrange(0..<start)
        start = 0
    }
}
