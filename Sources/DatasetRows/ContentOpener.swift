import Foundation
import LlamaStackAPI

/// Where the bytes of a content_url are that need no network: opened by the rules, read piece by piece. Its errors are
/// ``DatasetError``s, to be read after the name of the field with the URL.
package struct ContentOpener: Sendable {
    /// Absolute paths.
    private let roots: [[Substring]]

    /// - Parameter roots: absolute paths of the folders below which files may be read; none: no file may be.
    package init(roots: [String]) {
        self.roots = roots.map { URL(fileURLWithPath: $0).standardizedFileURL.path.split(separator: "/") }
    }

    /// Blocks on the disk.
    package func open(_ url: WireURL) throws -> DatasetContent {
        let text = url.string
        return text.hasPrefix("data:") ? try DatasetContent(dataURL: text) : try file(text)
    }

    // MARK: Files

    private func file(_ url: String) throws -> DatasetContent {
        let components = try Self.components(url)
        guard !roots.isEmpty else {
            throw DatasetError("names a file, and this server has no file_roots: no file may be read")
        }
        // The longest root, so that a root within another's link is still its own.
        let root = roots.filter { components.count > $0.count && components.starts(with: $0.map(String.init)) }
            .max { $0.count < $1.count }
        guard let root else { throw DatasetError("names a file outside the configured file_roots") }
        let descriptor = try Self.open(components, below: root.count)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DatasetError("must name a regular file")
        }
        return DatasetContent(
            source: .file(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)),
            format: try RowFormat(fileName: components.last ?? ""))
    }

    /// `file:///a/b%20c` or `file://localhost/a/b%20c` → a, b c. Nothing that could lead elsewhere.
    private static func components(_ url: String) throws -> [String] {
        var rest = url.dropFirst("file://".count)
        if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        guard rest.hasPrefix("/") else { throw DatasetError("must be file:///PATH: other hosts' files can't be read") }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw DatasetError("must have no query and no fragment; write %3F and %23 in a file's name")
        }
        guard let path = String(rest).removingPercentEncoding, !path.utf8.contains(0) else {
            throw DatasetError("must be a path in UTF-8 with valid % escapes")
        }
        let components = path.split(separator: "/").map(String.init)
        guard !components.isEmpty, !components.contains(".."), !components.contains("."), !path.hasSuffix("/") else {
            throw DatasetError("must name a file, by a path without '.' and '..'")
        }
        return components
    }

    /// Component by component. Below the root no link is followed, however it came there. Never waits for a pipe.
    private static func open(_ components: [String], below rootCount: Int) throws -> Int32 {
        let root = "/" + components.prefix(rootCount).joined(separator: "/")
        var folder = Foundation.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw DatasetError("can't be opened: a file root is not there") }
        for (index, component) in components.enumerated().dropFirst(rootCount) {
            let isLast = index == components.count - 1
            let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (isLast ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY)
            let next = openat(folder, component, flags)
            let reason = errno
            close(folder)
            guard next >= 0 else {
                throw DatasetError(
                    reason == ELOOP || reason == ENOTDIR
                        ? "leads over a link or through a file; name the file itself"
                        : "can't be opened: \(String(cString: strerror(reason)))")
            }
            folder = next
        }
        return folder
    }
}
