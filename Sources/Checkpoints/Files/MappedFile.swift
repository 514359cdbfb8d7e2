#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The bytes of a file, read-only, as long as this object lives. Any thread may read them.
///
/// A mapping follows its file: when another process shortens the file later, a read of the lost part ends the process
/// with SIGBUS. Checks at the start can't help against that; replace a model by writing a new file and renaming it.
package final class MappedFile: @unchecked Sendable {  // safe: nothing changes after init
    package let path: String
    package let bytes: UnsafeRawBufferPointer
    private let release: () -> Void
    /// Whether the bytes are a mapping, whose pages can be read from the file again.
    private let isMapping: Bool

    /// Takes bytes that are somewhere already. `release` is called once, when they are no longer needed.
    package convenience init(path: String, bytes: UnsafeRawBufferPointer, release: @escaping () -> Void) {
        self.init(path: path, bytes: bytes, isMapping: false, release: release)
    }

    private init(path: String, bytes: UnsafeRawBufferPointer, isMapping: Bool, release: @escaping () -> Void) {
        self.path = path
        self.isMapping = isMapping
        self.bytes = bytes
        self.release = release
    }

    deinit { release() }

    /// All bytes, for a reader that may outlive this object.
    package var copied: [UInt8] { withExtendedLifetime(self) { [UInt8](bytes) } }

    /// Maps the file at `path`. Only regular files: a pipe or a device would block or never end. What only stands for
    /// a file, such as a pointer of Git LFS, is refused by what it is.
    package static func open(path: String) throws(CheckpointError) -> MappedFile {
        func refuse(_ field: String, _ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: path, field: field, offset: nil, found: found, wanted: wanted)
        }
        // Non-blocking, or a named pipe would hold us here before we can look at it.
        let descriptor = systemOpen(path)
        guard descriptor >= 0 else {
            throw refuse("model file", String(cString: strerror(errno)), "a file that can be read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw refuse("model file", String(cString: strerror(errno)), "a file that can be read")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw refuse("model file", "something that is not a regular file", "a file")
        }
        let count = Int(status.st_size)
        guard count > 0 else { throw refuse("model file", "an empty file", "a model") }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw refuse("model file", "mapping failed: \(String(cString: strerror(errno)))", "\(count) bytes mapped")
        }
        let file = MappedFile(
            path: path, bytes: UnsafeRawBufferPointer(start: base, count: count), isMapping: true
        ) {
            munmap(base, count)
        }
        if let words = ForeignFile(bytes: file.bytes).placeholder { throw refuse("file", words.found, words.wanted) }
        return file
    }

    /// Asks the system to read the range ahead, in large pages where it can. A hint: nothing depends on it.
    package func willNeed(_ range: Range<Int>) {
        guard let base = bytes.baseAddress, !range.isEmpty, range.upperBound <= bytes.count else { return }
        let page = Int(getpagesize())
        let begin = range.lowerBound / page * page
        let start = UnsafeMutableRawPointer(mutating: base + begin)
        #if os(Linux)
        madvise(start, range.upperBound - begin, 14)  // MADV_HUGEPAGE
        #endif
        madvise(start, range.upperBound - begin, MADV_WILLNEED)
    }

    /// Gives the memory of the range's pages back; a later read maps them again. For bytes that won't be read soon.
    package func drop(_ range: Range<Int>) {
        guard isMapping, let base = bytes.baseAddress, !range.isEmpty, range.upperBound <= bytes.count else { return }
        let page = Int(getpagesize())
        let begin = range.lowerBound / page * page
        madvise(UnsafeMutableRawPointer(mutating: base + begin), range.upperBound - begin, MADV_DONTNEED)
    }

    /// Maps every page of the range now, reading what is not in memory, so that no later access pays for it. Blocks
    /// until it is done.
    package func populate(_ range: Range<Int>) {
        guard let base = bytes.baseAddress, !range.isEmpty, range.upperBound <= bytes.count else { return }
        let page = Int(getpagesize())
        let begin = range.lowerBound / page * page
        #if os(Linux)
        // MADV_POPULATE_READ, since Linux 5.14: one call in the place of a fault for each 16 pages.
        if madvise(UnsafeMutableRawPointer(mutating: base + begin), range.upperBound - begin, 22) == 0 { return }
        #endif
        var sum: UInt8 = 0
        for place in stride(from: begin, to: range.upperBound, by: page) { sum &+= bytes[place] }
        withExtendedLifetime(sum) {}
    }
}

private func systemOpen(_ path: String) -> Int32 {
    open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
}
