import Foundation

/// A byte at a time from a source that may be larger than memory.
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
        if index == piece.count {
            guard let file else { return nil }
            (piece, index) = (try file.read(upToCount: Self.pieceBytes).map([UInt8].init) ?? [], 0)
            if piece.isEmpty { return nil }
        }
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

    /// White space of JSON, and a byte order mark at the very start.
    mutating func skipSpace() throws { try skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } }

    mutating func skipMark() throws {
        for byte in [0xEF, 0xBB, 0xBF] as [UInt8] {
            guard try peek() == byte else { return }
            _ = try next()
        }
    }
}
