#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is being written from front to back, in large pieces. One thread at a time.
package final class FileOutput: @unchecked Sendable {
    // Unchecked: one piece after the other.
    private let descriptor: Int32
    /// Whether the descriptor is closed here.
    private var isOwn = false
    /// As messages name it.
    private let path: String
    private var pending: [UInt8] = []
    /// Bytes taken so far, those that are not yet written included.
    package private(set) var count = 0

    private static let pendingMax = 256 << 10

    /// Writes from where the descriptor stands. It stays the caller's: neither synced nor closed here.
    package init(descriptor: Int32, path: String) {
        (self.descriptor, self.path) = (descriptor, path)
        pending.reserveCapacity(Self.pendingMax)
    }

    /// Makes the file at `path`, which must not exist, for its user alone. ``finish()`` brings it to the disk.
    package init(creating path: String) throws(FileError) {
        descriptor = systemCreate(path)
        guard descriptor >= 0 else { throw FileError(path: path) }
        (self.path, isOwn) = (path, true)
        pending.reserveCapacity(Self.pendingMax)
    }

    deinit { if isOwn { close(descriptor) } }

    /// Makes the file at `path`, which must not exist, has `body` write it, and brings it to the disk. The folder's own
    /// entry for it is the caller's to sync (``DurableFolder/sync(_:)``). A file that could not be finished is removed.
    package static func create(
        _ path: String, _ body: (FileOutput) throws(FileError) -> Void
    ) throws(FileError) {
        let output = try FileOutput(creating: path)
        do throws(FileError) {
            try body(output)
            try output.finish()
        } catch {
            remove(path)
            throw error
        }
    }

    /// Brings all that was written to the disk, and closes the file if it was made here. Nothing may be written after.
    package func finish() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw FileError(path: path) }
        guard isOwn else { return }
        isOwn = false
        guard close(descriptor) == 0 else { throw FileError(path: path) }
    }

    /// Removes a file that turned out to be of no use.
    package static func remove(_ path: String) { unlink(path) }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        count += bytes.count
        if pending.count + bytes.count <= Self.pendingMax { return pending.append(contentsOf: bytes) }
        try flush()
        if bytes.count < Self.pendingMax { return pending.append(contentsOf: bytes) }
        try writeThrough(bytes)
    }

    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBytes { buffer in Result { () throws(FileError) in try write(buffer) } }.get()
    }

    package func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

    /// Little-endian, as every number of these formats is.
    package func write<Number: FixedWidthInteger>(_ number: Number) throws(FileError) {
        try withUnsafeBytes(of: number.littleEndian) { bytes in
            Result { () throws(FileError) in try write(bytes) }
        }.get()
    }

    /// Floats as f32.
    package func write(_ floats: [Float]) throws(FileError) {
        try floats.withUnsafeBytes { bytes in Result { () throws(FileError) in try write(bytes) } }.get()
    }

    package func write(zeros: Int) throws(FileError) { try write([UInt8](repeating: 0, count: zeros)) }

    /// Hands the system what is still kept here.
    package func flush() throws(FileError) {
        try pending.withUnsafeBytes { bytes in Result { () throws(FileError) in try writeThrough(bytes) } }.get()
        pending.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let written = systemWrite(descriptor, base, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileError(path: path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}

private func systemCreate(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
