import Foundation

/// Cuts a stream of bytes into lines, and refuses one that is too long before it is held.
struct LineCutter {
    struct TooLong: Error {}

    let bytesMax: Int
    private var held: [UInt8] = []

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Calls `line` with each line that `bytes` complete, without its end. Empty ones are left out.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ line: ([UInt8]) -> Void) throws(TooLong) {
        var rest = bytes
        while let start = rest.baseAddress, let newline = memchr(start, 0x0A, rest.count) {
            let count = UnsafeRawPointer(newline) - start
            try add(UnsafeRawBufferPointer(start: start, count: count))
            if held.last == UInt8(ascii: "\r") { held.removeLast() }
            let whole = held
            held = []
            if !whole.isEmpty { line(whole) }
            rest = UnsafeRawBufferPointer(start: start + count + 1, count: rest.count - count - 1)
        }
        try add(rest)
    }

    /// Whether a line has begun that has not ended.
    var hasRest: Bool { !held.isEmpty }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) throws(TooLong) {
        guard bytes.count <= bytesMax - held.count else { throw TooLong() }
        held.append(contentsOf: bytes)
    }
}
