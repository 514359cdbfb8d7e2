#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that holds a model's files.
struct CheckpointFolder: Sendable {
    let path: String

    /// The last part of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    var exists: Bool { kind(of: path) == S_IFDIR }

    func has(_ name: String) -> Bool { kind(of: self.path(of: name)) == S_IFREG }

    func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    func file(_ name: String) throws(CheckpointError) -> MappedFile { try MappedFile.open(path: path(of: name)) }

    /// nil when there is no such file.
    func optionalFile(_ name: String) throws(CheckpointError) -> MappedFile? { has(name) ? try file(name) : nil }

    /// For messages: the first names in it.
    var listing: String {
        let names = names
        if names.isEmpty { return exists ? "an empty folder" : "no folder that can be read" }
        return names.prefix(8).map { $0.quotedForMessage(charactersMax: 40) }.joined(separator: ", ")
            + (names.count > 8 ? " and more" : "")
    }

    /// Sorted, without hidden ones; at most a thousand.
    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while names.count < 1000, let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func kind(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
