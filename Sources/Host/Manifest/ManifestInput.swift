import Foundation

/// The bytes of a distribution, from a file, a pipe such as the shell's `<(…)`, or standard input.
struct ManifestInput {
    let bytes: [UInt8]
    /// It has a folder of its own, where relative paths start.
    let isFile: Bool

    /// - Parameter file: what diagnostics call it.
    init(path: String, file: String) throws(StartFailure) {
        func failure(_ message: String) -> StartFailure {
            StartFailure(
                [FileDiagnostic(file: file, position: nil, code: "unreadable", message: message)], exitCode: 66)
        }
        let isStandardInput = path == Manifest.standardInput
        // Without waiting for a writer, which a named pipe may never get.
        let handle = isStandardInput ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard handle >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(handle) }
        var status = stat()
        guard fstat(handle, &status) == 0 else { throw failure(String(cString: strerror(errno))) }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw failure("is a folder, not a file") }
        guard isStandardInput || kind == S_IFREG || kind == S_IFIFO else { throw failure("is not a regular file") }
        isFile = kind == S_IFREG && !isStandardInput && !Self.isDescriptor(path)
        guard let bytes = Self.read(handle) else { throw failure(String(cString: strerror(errno))) }
        guard bytes.count <= ManifestLimits.fileBytesMax else {
            throw StartFailure([
                FileDiagnostic(
                    file: file, position: nil, code: "too_large",
                    message:
                        "is larger than \(ManifestLimits.fileBytesMax) bytes, the most that a distribution may have")
            ])
        }
        self.bytes = bytes
    }

    /// `/dev/stdin` may be a file whose own name is not known.
    static func isDescriptor(_ path: String) -> Bool {
        ["/dev/stdin", "/dev/fd/", "/proc/self/fd/"].contains { path.hasPrefix($0) }
    }

    /// To the end, but no more than is needed to see that it is too much; nil when that fails.
    private static func read(_ handle: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: ManifestLimits.fileBytesMax + 1)
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(handle, $0.baseAddress.map { $0 + filled }, $0.count - filled)
            }
            if got == 0 { break }
            if got > 0 {
                filled += got
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var wait = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
                guard poll(&wait, 1, -1) >= 0 || errno == EINTR else { return nil }
            default: return nil
            }
        }
        return Array(bytes.prefix(filled))
    }
}
