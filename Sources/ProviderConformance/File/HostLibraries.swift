import Foundation

/// The libraries that the server's own process has loaded before any provider: their names come first for every library
/// that is loaded after them.
struct HostLibraries {
    struct Library {
        var path: String
        var name: String
        var file: ElfFile
    }

    let libraries: [Library]

    /// Reads those of this process, which must not have loaded the provider yet.
    init() {
        var paths: [String] = []
        for line in ProcessFiles.lines("/proc/self/maps") {
            guard let slash = line.firstIndex(of: "/") else { continue }
            let path = String(line[slash...])
            if !paths.contains(path) { paths.append(path) }
        }
        libraries = paths.compactMap { path in
            ElfFile(path).map { file in
                Library(path: path, name: file.soname ?? URL(fileURLWithPath: path).lastPathComponent, file: file)
            }
        }
    }

    /// Which library defines a name for everybody.
    func definitions() -> [String: String] {
        var found: [String: String] = [:]
        for library in libraries {
            for symbol in library.file.symbols
            where symbol.isDefined && !symbol.isHidden && symbol.binding == ElfFile.globalBinding {
                if found[symbol.name] == nil { found[symbol.name] = library.name }
            }
        }
        return found
    }

    /// Where the dynamic linker would find a needed library: in the process, by the provider's own path, in the system.
    func find(_ name: String, neededBy library: String, _ file: ElfFile) -> String? {
        if name.contains("/") { return FileManager.default.fileExists(atPath: name) ? name : nil }
        if let own = libraries.first(where: { $0.name == name }) { return own.path }
        for path in own(name, library, file) where FileManager.default.fileExists(atPath: path) { return path }
        return LinkerCache.system.path(of: name)
    }

    /// The places for a needed library that the provider names itself.
    func own(_ name: String, _ library: String, _ file: ElfFile) -> [String] {
        let folder = URL(fileURLWithPath: library).resolvingSymlinksInPath().deletingLastPathComponent().path
        let environment = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? ""
        return (file.runPaths + environment.split(separator: ":").map(String.init)).map { path in
            path.replacing("${ORIGIN}", with: folder).replacing("$ORIGIN", with: folder) + "/" + name
        }
    }
}

/// The system's libraries by name, as ldconfig wrote them down.
struct LinkerCache: Sendable {
    static let system = LinkerCache()
    private static let folders = [
        "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
        "/lib64", "/usr/lib64", "/lib", "/usr/lib",
    ]
    private let text: Data

    init() { text = FileManager.default.contents(atPath: "/etc/ld.so.cache") ?? Data() }

    func path(of name: String) -> String? {
        for folder in Self.folders where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        // Paths are in it as they are, each with a zero at its end.
        guard let found = text.range(of: Data("/\(name)\0".utf8)) else { return nil }
        var start = found.lowerBound
        while start > text.startIndex, text[start - 1] != 0 { start -= 1 }
        let path = String(decoding: text[start..<(found.upperBound - 1)], as: UTF8.self)
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}
