import Foundation

/// A byte at a time, or a line, from a source that may be larger than memory. Blocks on the disk.
struct ByteReader {
    private static let pieceBytes = 1 << 18

    private let file: FileHandle?
    private var piece: [UInt8]
    private var index = 0
    private(set) var line = 1

    init(_ source: DatasetContent.Source) {
        switch source {
        case .file(let handle): (file, piece) = (handle, [])
        case .bytes(let bytes): (file, piece) = (nil, bytes)
        }
    }

    /// nil at the end.
    mutating func peek() throws -> UInt8? {
        if index == piece.count, try !fill() { return nil }
        return piece[index]
    }

    mutating func next() throws -> UInt8? {
        guard let byte = try peek() else { return nil }
        index += 1
        if byte == 0x0A { line += 1 }
        return byte
    }

    mutating func skip(while isSkipped: (UInt8) -> Bool) throws {
        while let byte = try peek(), isSkipped(byte) { _ = try next() }
    }

    /// White space of JSON.
    mutating func skipSpace() throws { try skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } }

    /// A byte order mark.
    mutating func skipMark() throws {
        for byte in [0xEF, 0xBB, 0xBF] as [UInt8] {
            guard try peek() == byte else { return }
            _ = try next()
        }
    }

    /// The first bytes, which are not taken; fewer at a short end.
    mutating func start(_ count: Int) throws -> ArraySlice<UInt8> {
        _ = try peek()
        return piece[index...].prefix(count)
    }

    /// Up to the end of the line, which is taken too; nil when it is longer than `bytesMax`.
    mutating func restOfLine(bytesMax: Int) throws -> [UInt8]? {
        var text: [UInt8] = []
        while try peek() != nil {
            let rest = piece[index...]
            let end = rest.firstIndex(of: 0x0A)
            let part = rest[..<(end ?? rest.endIndex)]
            guard text.count + part.count <= bytesMax else { return nil }
            text += part
            index = part.endIndex
            if end != nil {
                index += 1
                line += 1
                break
            }
        }
        return text
    }

    /// The next piece; false at the end.
    private mutating func fill() throws -> Bool {
        guard let file else { return false }
        var failure: Int32 = 0
        piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            var got = 0
            repeat {
                got = read(file.fileDescriptor, buffer.baseAddress, Self.pieceBytes)
            } while got < 0 && errno == EINTR
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        index = 0
        if failure != 0 { throw DatasetError("can't be read: \(String(cString: strerror(failure)))") }
        return !piece.isEmpty
    }
}
