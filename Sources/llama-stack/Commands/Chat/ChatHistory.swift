import Foundation
import LlamaStackAPI

/// The history of `chat`: a file that its owner alone can read, with one JSON string a line, the newest last.
struct ChatHistory {
    private static let entriesMax = 1000
    /// A longer one is a document rather than something to type again.
    private static let entryBytesMax = 64 * 1024
    private static let fileBytesMax = 64 * 1024 * 1024

    let path: String

    /// In the folder for state of the XDG base directory specification; nil where there is no home.
    init?(environment: [String: String]) {
        let folder: String
        // A relative path is to be ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            folder = state
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            folder = home + "/.local/state"
        } else {
            return nil
        }
        path = folder + "/llama-stack/chat_history"
    }

    /// The newest entries, the oldest of them first. A line that is no JSON string is left out.
    func entries() -> [String] {
        guard let file = open(O_RDONLY), let bytes = try? file.read(upToCount: Self.fileBytesMax) else { return [] }
        let entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            (try? JSON(parsing: Array(line)))?.stringValue
        }
        let newest = Array(entries.suffix(Self.entriesMax))
        if entries.count > 2 * Self.entriesMax { replace(with: newest) }
        return newest
    }

    /// Throws what keeps it from being written.
    func add(_ text: String) throws {
        guard text.utf8.count <= Self.entryBytesMax else { return }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard let file = open(O_WRONLY | O_APPEND | O_CREAT) else {
            throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: path])
        }
        // One write, so that two talks at once don't mix their lines.
        try file.write(contentsOf: Data(Self.line(text)))
    }

    private func replace(with entries: [String]) {
        let new = "\(path).\(getpid())"
        let data = Data(entries.flatMap(Self.line))
        guard
            FileManager.default.createFile(atPath: new, contents: data, attributes: [.posixPermissions: 0o600]),
            rename(new, path) != 0
        else { return }
        unlink(new)
    }

    private static func line(_ text: String) -> [UInt8] { JSON.string(text).bytes + [UInt8(ascii: "\n")] }

    /// nil for what is no file, such as a pipe, which would block.
    private func open(_ flags: Int32) -> FileHandle? {
        let descriptor = Foundation.open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        // An older one may be open to others.
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
        return file
    }
}
