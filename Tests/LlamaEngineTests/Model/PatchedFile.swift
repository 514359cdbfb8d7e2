import Foundation

@testable import Checkpoints
@testable import LlamaEngine

/// A tiny checkpoint with some of its bytes changed, for files that are wrong in one place.
struct PatchedFile {
    private var bytes: [UInt8]
    private let name: String

    init(_ tiny: TinyModel) throws { try self.init(tiny.path, name: tiny.name) }

    init(_ path: String, name: String) throws {
        bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        self.name = name
    }

    /// Replaces the first occurrence of `text`; both must have the same length.
    mutating func replace(_ text: String, with other: String) throws {
        precondition(text.utf8.count == other.utf8.count, "a replacement keeps the length")
        let start = try place(of: text)
        bytes.replaceSubrange(start..<start + text.utf8.count, with: other.utf8)
    }

    /// Sets the 32-bit value of a metadata key: key, type (4 bytes), value.
    mutating func set(_ key: String, to value: UInt32) throws {
        let start = try place(of: key) + key.utf8.count + 4
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }

    mutating func set(_ range: Range<Int>, to byte: UInt8) {
        for index in range { bytes[index] = byte }
    }

    func open() throws -> GGUFFile {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        copy.copyBytes(from: bytes)
        return try GGUFFile(
            file: MappedFile(path: "\(name).gguf", bytes: UnsafeRawBufferPointer(copy)) { copy.deallocate() })
    }

    func load() throws -> Model { try Model(ModelCheckpoint(open())) }

    private func place(of text: String) throws -> Int {
        guard let range = Data(bytes).range(of: Data(text.utf8)) else { throw CocoaError(.fileReadCorruptFile) }
        return range.lowerBound
    }
}
