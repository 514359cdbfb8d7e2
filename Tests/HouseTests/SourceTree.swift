import Foundation

/// The text files of the package, as they are in the working tree.
struct SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let shared = SourceTree()

    let files: [SourceFile]

    private init() {
        files =
            ["Benchmarks", "Documentation", "Plugins", "Sources", "Tests"].flatMap(Self.files(in:))
            + ["ARCHITECTURE.md", "Makefile", "Package.swift", "README.md"].map { SourceFile(path: $0) }
    }

    /// Those below a folder ("Sources/Host/"), with one of the endings.
    func files(below folder: String, _ endings: String...) -> [SourceFile] {
        files.filter { file in file.path.hasPrefix(folder) && endings.contains { file.path.hasSuffix(".\($0)") } }
    }

    /// Code of ours, tests included; what tests feed to the product is not code of ours.
    var code: [SourceFile] {
        ["Benchmarks/", "Plugins/", "Sources/", "Tests/"].flatMap { files(below: $0, "swift", "c", "h", "rs") }
            .filter { !$0.path.hasPrefix("Tests/Fixtures/") }
    }

    private static func files(in folder: String) -> [SourceFile] {
        let found = FileManager.default.enumerator(atPath: "\(root)/\(folder)")
        let endings: Set = ["swift", "c", "h", "rs", "md", "yaml"]
        return (found?.compactMap { $0 as? String } ?? []).filter { name in
            endings.contains(URL(fileURLWithPath: name).pathExtension)
                && !name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "target" }
        }.sorted().map { SourceFile(path: "\(folder)/\($0)") }
    }
}

struct SourceFile {
    /// From the root of the package.
    let path: String
    let text: String
    /// Without their newlines.
    let lines: [Substring]

    init(path: String) {
        self.path = path
        let data = FileManager.default.contents(atPath: "\(SourceTree.root)/\(path)") ?? Data()
        text = String(decoding: data, as: UTF8.self)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The folder of the target, as "Sources/Host".
    var target: String { path.split(separator: "/").prefix(2).joined(separator: "/") }

    /// The folder within the target; "" for its root.
    var folder: String {
        let parts = path.split(separator: "/")
        return parts.count > 3 ? String(parts[2]) : ""
    }
}
