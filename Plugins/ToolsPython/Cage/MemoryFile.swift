import CChildProcess
import Foundation

/// A file in memory that a child reads: a list of arguments, a filter. Closed with the last reference.
final class MemoryFile: Sendable {
    let descriptor: Int32

    init?(_ name: String, _ content: [UInt8] = []) {
        descriptor = ccp_memory_file(name)
        guard descriptor >= 0 else { return nil }
        guard content.isEmpty || write(descriptor, content, content.count) == content.count,
            lseek(descriptor, 0, SEEK_SET) == 0
        else {
            close(descriptor)
            return nil
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// All of it; nil when it can't be read.
    func bytes() -> [UInt8]? {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        return pread(descriptor, &bytes, bytes.count, 0) == bytes.count ? bytes : nil
    }
}
