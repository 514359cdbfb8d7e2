#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is being written from front to back, in large pieces. One thread at a time.
package final class FileOutput {
    private let descriptor: Int32
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

    /// Makes the file at `path`, which must not exist, has `body` write it, and brings it to the disk. The folder's own
    /// entry for it is the caller's to sync (`sync(folder:)`). A file that could not be finished is removed.
    package static func create(
        _ path: String, _ body: (FileOutput) throws(FileWriteError) -> Void
    ) throws(FileWriteError) {
        let descriptor = systemCreate(path)
        guard descriptor >= 0 else { throw FileWriteError(path: path) }
        do throws(FileWriteError) {
            defer { close(descriptor) }
            let output = FileOutput(descriptor: descriptor, path: path)
            try body(output)
            try output.flush()
            guard fsync(descriptor) == 0 else { throw FileWriteError(path: path) }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Brings a folder's entries to the disk: files made in it, and renamed.
    package static func sync(folder path: String) throws(FileWriteError) {
        let descriptor = systemOpenFolder(path)
        guard descriptor >= 0 else { throw FileWriteError(path: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileWriteError(path: path) }
    }

    /// Removes a file that turned out to be of no use.
    package static func remove(_ path: String) { unlink(path) }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
        count += bytes.count
        if pending.count + bytes.count <= Self.pendingMax { return pending.append(contentsOf: bytes) }
        try flush()
        if bytes.count < Self.pendingMax { return pending.append(contentsOf: bytes) }
        try writeThrough(bytes)
    }

    package func write(_ bytes: [UInt8]) throws(FileWriteError) {
        try bytes.withUnsafeBytes { buffer in Result { () throws(FileWriteError) in try write(buffer) } }.get()
    }

    package func write(_ text: String) throws(FileWriteError) { try write(Array(text.utf8)) }

    /// Little-endian, as every number of these formats is.
    package func write<Number: FixedWidthInteger>(_ number: Number) throws(FileWriteError) {
        try withUnsafeBytes(of: number.littleEndian) { bytes in
            Result { () throws(FileWriteError) in try write(bytes) }
        }.get()
    }

    /// Floats as f32.
    package func write(_ floats: [Float]) throws(FileWriteError) {
        try floats.withUnsafeBytes { bytes in Result { () throws(FileWriteError) in try write(bytes) } }.get()
    }

    package func write(zeros: Int) throws(FileWriteError) { try write([UInt8](repeating: 0, count: zeros)) }

    /// Hands the system what is still kept here.
    package func flush() throws(FileWriteError) {
        try pending.withUnsafeBytes { bytes in Result { () throws(FileWriteError) in try writeThrough(bytes) } }.get()
        pending.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let written = systemWrite(descriptor, base, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw FileWriteError(path: path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}

/// A file that could not be written, and the system's reason.
package struct FileWriteError: Error, Equatable, CustomStringConvertible {
    package var path: String
    /// `errno`.
    package var number: Int32

    /// Takes the reason from `errno`.
    init(path: String) { (self.path, number) = (path, errno) }

    /// There is no room left, on the disk or in a quota.
    package var isStorageFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }

    package var description: String { "\(path): writing failed: \(String(cString: strerror(number)))" }
}

private func systemCreate(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
}

private func systemOpenFolder(_ path: String) -> Int32 { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
