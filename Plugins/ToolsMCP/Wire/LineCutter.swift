/// Cuts a stream of bytes into lines, and refuses one that is too long before it is held.
struct LineCutter {
    struct TooLong: Error {}

    let bytesMax: Int
    private var held: [UInt8] = []

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Calls `line` with each line that `bytes` complete, without its end. Empty ones are left out.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ line: ([UInt8]) -> Void) throws(TooLong) {
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try add(rest[..<newline])
            if held.last == UInt8(ascii: "\r") { held.removeLast() }
            let whole = held
            held = []
            if !whole.isEmpty { line(whole) }
            rest = rest[(newline + 1)...]
        }
        try add(rest)
    }

    /// Whether a line has begun that has not ended.
    var hasRest: Bool { !held.isEmpty }

    private mutating func add(_ bytes: Slice<UnsafeRawBufferPointer>) throws(TooLong) {
        guard bytes.count <= bytesMax - held.count else { throw TooLong() }
        held.append(contentsOf: bytes)
    }
}
