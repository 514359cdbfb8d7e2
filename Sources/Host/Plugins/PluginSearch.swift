import Foundation
import LlamaStackAPI

/// Where a provider's library is. Nothing that the distribution does not name is ever opened.
package struct PluginSearch: Sendable {
    /// Searched in this order.
    package var folders: [String]

    /// The file's own folders, `$LLAMA_STACK_PROVIDER_PATH`, where an installation keeps them, beside the executable
    /// (where a build leaves them).
    package init(providerPath: [String], environment: [String: String]) {
        var folders = providerPath
        for folder in (environment["LLAMA_STACK_PROVIDER_PATH"] ?? "").split(separator: ":") {
            folders.append(String(folder))
        }
        if let own = Self.executableFolder {
            folders.append(URL(fileURLWithPath: own + "/../lib/llama-stack/providers").standardizedFileURL.path)
            folders.append(own)
        }
        self.folders = folders
    }

    /// By the process table: `dlopen`'s own $ORIGIN is that of the library which calls it.
    static var executableFolder: String? {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        return URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    /// `inference` + `inline::cpu` → `libprovider-inference-cpu.so`, underscores as hyphens.
    static func fileName(api: String, type: String) -> String {
        let name = type.split(separator: ":", omittingEmptySubsequences: true).last.map(String.init) ?? type
        return fileName("\(api)-\(name)")
    }

    private static func fileName(_ name: String) -> String {
        "libprovider-" + name.replacingOccurrences(of: "_", with: "-") + ".so"
    }

    /// Every provider library in the folders; of one name the first, which is the one that would be found. Blocks.
    package var libraries: [String] {
        var names: Set<String> = []
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter { $0.hasPrefix("libprovider-") && $0.hasSuffix(".so") }.sorted()
                .filter { names.insert($0).inserted }
                .map { URL(fileURLWithPath: folder + "/" + $0).standardizedFileURL.path }
        }
    }

    /// The absolute path of the library. Blocks on the disk.
    ///
    /// - Parameter library: the entry's own word: a path when it has a slash, else a file name or the part of one
    ///   between `libprovider-` and `.so`.
    func find(api: String, type: String, library: String?, directory: String) throws(PluginRefusal) -> String {
        if let library, library.contains("/") {
            let path = library.hasPrefix("/") ? library : directory + "/" + library
            let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
            guard FileManager.default.fileExists(atPath: absolute) else {
                throw PluginRefusal("library_not_found", "no library at \(absolute)")
            }
            return absolute
        }
        let name =
            library.map { $0.hasSuffix(".so") ? $0 : Self.fileName($0) } ?? Self.fileName(api: api, type: type)
        for folder in folders {
            let path = folder + "/" + name
            if FileManager.default.fileExists(atPath: path) {
                return URL(fileURLWithPath: path).standardizedFileURL.path
            }
        }
        throw PluginRefusal(
            "library_not_found", "no provider library \(name) for \(api) \(type)",
            hint: (closest(api: api, type: type).map { "did you mean \($0)? " } ?? "") + "looked in "
                + folders.joined(separator: ", ") + "; set 'library:', 'provider_path:' or "
                + "LLAMA_STACK_PROVIDER_PATH")
    }

    /// A type of the API whose library is there, and whose name comes close.
    private func closest(api: String, type: String) -> String? {
        let parts = type.split(separator: ":", omittingEmptySubsequences: true).map(String.init)
        guard parts.count == 2 else { return nil }
        let prefix = Self.fileName(api: api, type: "").dropLast(".so".count)
        let names = libraries.compactMap { path -> String? in
            let file = URL(fileURLWithPath: path).lastPathComponent
            return file.hasPrefix(prefix) ? String(file.dropFirst(prefix.count).dropLast(".so".count)) : nil
        }
        return Spelling.closest(to: parts[1], in: names).map { "\(parts[0])::\($0)" }
    }
}
