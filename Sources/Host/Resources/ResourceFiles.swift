import Foundation
import LlamaStackAPI

/// Looks for the files that a distribution's resources name, before anything is loaded.
struct ResourceFiles {
    /// A folder of more files than this is not searched for a name that comes close.
    static let namesMax = 10_000

    let source: ManifestSource
    let directory: String

    /// Those of the entry that are not there. Blocks on the disk.
    func missing(of entry: Manifest.ResourceEntry) -> [FileDiagnostic] {
        entry.files.filter { !FileManager.default.fileExists(atPath: $0.path) }.map { file in
            if file.written.contains("://") {
                return source.diagnostic(
                    file.position, "no_file",
                    "\(entry.kind.title) \(Quote.short(entry.id)): a path of this machine is wanted, got a URL",
                    hint: "download it, and name the file")
            }
            let folder = firstMissing(of: file.path)
            let what =
                folder == file.path
                ? "there is no file \(file.path)" : "there is no folder \(folder) (for \(file.path))"
            return source.diagnostic(
                file.position, "no_file", "\(entry.kind.title) \(Quote.short(entry.id)): \(what)", hint: hint(file))
        }
    }

    /// The outermost folder that is missing, or the file itself.
    private func firstMissing(of path: String) -> String {
        var missing = path
        var parent = URL(fileURLWithPath: path)
        while true {
            parent.deleteLastPathComponent()
            if parent.path == "/" || FileManager.default.fileExists(atPath: parent.path) { return missing }
            missing = parent.path
        }
    }

    private func hint(_ file: Manifest.ResourceEntry.File) -> String? {
        let current = FileManager.default.currentDirectoryPath
        if !file.written.hasPrefix("/"), current != directory {
            let here = URL(fileURLWithPath: current + "/" + file.written).standardizedFileURL.path
            if FileManager.default.fileExists(atPath: here) {
                return "\(here) exists, below the current folder; paths start at the file's folder, \(directory)"
            }
        }
        let url = URL(fileURLWithPath: file.path)
        let folder = url.deletingLastPathComponent().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard names.count <= Self.namesMax else { return nil }
        return Spelling.closest(to: url.lastPathComponent, in: names.sorted()).map { "\(folder) has '\($0)'" }
    }
}
