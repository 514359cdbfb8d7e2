import Foundation
import ProviderKit

/// A file that is written once, and is on disk when it is closed. One thread at a time.
final class DurableFile: @unchecked Sendable {
    // Unchecked: one piece after the other.
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    private static let bufferBytes = 1 << 18

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw DurableFile.fault() }
    }

    deinit { if isOpen { Foundation.close(descriptor) } }

    func append(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        try flush()
        try write(bytes)
    }

    /// Returns when everything is on disk; the file's name is for its folder's ``sync(_:)``.
    func close() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.fault() }
        isOpen = false
        guard Foundation.close(descriptor) == 0 else { throw Self.fault() }
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try write($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard written > 0 else {
                if errno == EINTR { continue }
                throw Self.fault()
            }
            rest = rest.dropFirst(written)
        }
    }

    /// A file whole. Throws when it is longer than `bytesMax`.
    static func read(_ path: String, bytesMax: Int) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path), let data = try file.read(upToCount: bytesMax + 1) else {
            throw fault()
        }
        guard data.count <= bytesMax else { throw ProviderError(.internal, "a file is longer than \(bytesMax) bytes") }
        return [UInt8](data)
    }

    /// Makes a folder and the way to it durable by name.
    static func makeFolder(_ path: String, in parent: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault() }
        try sync(parent)
    }

    /// Makes the names in a folder durable.
    static func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault() }
        defer { Foundation.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault() }
    }

    /// The error of a client for `errno`.
    static func fault() -> ProviderError {
        switch errno {
        case ENOSPC, EDQUOT, EFBIG:
            ProviderError(.storageFull, "the disk is full: delete something, or give it more room")
        default:
            ProviderError(
                .providerUnavailable, "the storage does not work at the moment: \(String(cString: strerror(errno)))")
        }
    }
}
