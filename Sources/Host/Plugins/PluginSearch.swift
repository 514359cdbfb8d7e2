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

    /// Cargo names a library after its crate and writes every hyphen as an underscore: both are one name here.
    private static func normal(_ name: String) -> String { name.replacingOccurrences(of: "_", with: "-") }

    /// Sorted by name, so that of two that are the same to us the one with hyphens comes first.
    private static func files(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private static func path(_ folder: String, _ name: String) -> String {
        URL(fileURLWithPath: folder + "/" + name).standardizedFileURL.path
    }

    /// Every provider library in the folders; of one name the first, which is the one that would be found. Blocks.
    package var libraries: [String] {
        var names: Set<String> = []
        return folders.flatMap { folder in
            Self.files(in: folder)
                .filter(Self.isProvider)
                .filter { names.insert(Self.normal($0)).inserted }
                .map { Self.path(folder, $0) }
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
            if FileManager.default.fileExists(atPath: folder + "/" + name) { return Self.path(folder, name) }
            if let same = Self.files(in: folder).first(where: { Self.normal($0) == Self.normal(name) }) {
                return Self.path(folder, same)
            }
        }
        throw PluginRefusal(
            "library_not_found", "no provider library \(name) for \(api) \(type)",
            hint: (suggestion(api: api, type: type, name: name) ?? "") + "looked in "
                + folders.joined(separator: ", ") + "; set 'library:', 'provider_path:' or "
                + "LLAMA_STACK_PROVIDER_PATH")
    }

    private func suggestion(api: String, type: String, name: String) -> String? {
        if let type = closest(api: api, type: type) { return "did you mean \(type)? " }
        return nearMiss(of: name, api: api).map { "\($0) is there: rename it, or set 'library: \($0)'; " }
    }

    /// A file in the folders that was probably meant by `name`, but has no name by which a provider can be found:
    /// capitals, no `lib`, no API, a version after `.so`.
    private func nearMiss(of name: String, api: String) -> String? {
        for folder in folders {
            let files = Self.files(in: folder).filter { file in
                let isLibrary = file.hasSuffix(".so") || file.contains(".so.") || file.hasSuffix(".dylib")
                return isLibrary && !Self.isProvider(file)
            }
            let words = files.map { Self.ownWords($0, api: api) }
            if let close = Spelling.closest(to: Self.ownWords(name, api: api), in: words),
                let index = words.firstIndex(of: close)
            {
                return Self.path(folder, files[index])
            }
        }
        return nil
    }

    /// The part of a file's name that distinguishes it from other providers of the API: `echo-rust` of
    /// `libprovider_inference_echo_rust.so`.
    private static func ownWords(_ file: String, api: String) -> String {
        var words = normal(file.lowercased()).prefix { $0 != "." }
        for part in ["lib", "provider-", normal(api) + "-"] where words.hasPrefix(part) {
            words = words.dropFirst(part.count)
        }
        return String(words)
    }

    private static func isProvider(_ file: String) -> Bool {
        normal(file).hasPrefix("libprovider-") && file.hasSuffix(".so")
    }

    /// A type of the API whose library is there, and whose name comes close.
    private func closest(api: String, type: String) -> String? {
        let parts = type.split(separator: ":", omittingEmptySubsequences: true).map(String.init)
        guard parts.count == 2 else { return nil }
        let prefix = Self.fileName(api: api, type: "").dropLast(".so".count)
        let names = libraries.compactMap { path -> String? in
            let file = Self.normal(URL(fileURLWithPath: path).lastPathComponent)
            return file.hasPrefix(prefix) ? String(file.dropFirst(prefix.count).dropLast(".so".count)) : nil
        }
        return Spelling.closest(to: parts[1], in: names).map { "\(parts[0])::\($0)" }
    }
}
