import Foundation
import Testing

/// The table of targets in ARCHITECTURE.md, which another test compares with the package.
struct ImportTests {
    @Test("a target imports what the table of targets lets it depend on, and all of that")
    func imports() throws {
        let table = try TargetTable()
        var violations: [(place: String, message: String)] = []
        for (target, dependencies) in table.rows.sorted(by: { $0.key < $1.key }) {
            guard let folder = Self.folder(of: target) else { continue }
            let imported = Self.imports(below: folder).intersection(table.rows.keys).subtracting([target])
            guard !imported.isEmpty else { continue }
            for name in imported.subtracting(dependencies).sorted() {
                violations.append(("\(target) -> \(name)", "imported, but not in the table of ARCHITECTURE.md"))
            }
            for name in dependencies.intersection(table.rows.keys).subtracting(imported).sorted() {
                violations.append(("\(target) -> \(name)", "in the table and in Package.swift, but imported nowhere"))
            }
        }
        try Exceptions("import").judge(violations)
    }

    @Test("outside packages are imported where the page says, nowhere else")
    func packages() throws {
        let allowed = [
            "ArgumentParser": ["llama-stack", "CommandSupport"], "Hummingbird": ["HTTPFront", "llama-stack-bench"],
            "GRDB": ["Storage", "Plugins/"],
        ]
        for file in ["Sources/", "Plugins/"].flatMap({ SourceTree.shared.files(below: $0, "swift") }) {
            for (package, places) in allowed where file.lines.contains("import \(package)") {
                #expect(places.contains { file.path.contains($0) }, "\(file.path) imports \(package)")
            }
        }
    }

    /// Nil for a target without code of ours: a module map.
    private static func folder(of target: String) -> String? {
        let package = SourceTree.shared.files.first { $0.path == "Package.swift" }?.text ?? ""
        // A declaration begins at the second level of indentation; what lies deeper are its dependencies.
        let own = package.split(separator: "\n        .").map { $0.drop { $0 != "(" }.drop { !$0.isLetter } }
            .first {
                $0.hasPrefix("name: \"\(target)\"") && !$0.contains("type: .dynamic") && !$0.contains("targets: [")
            }
        guard let own else { return nil }
        if let path = own.range(of: "path: \"") { return own[path.upperBound...].prefix { $0 != "\"" } + "/" }
        return "Sources/\(target)/"
    }

    /// By `import`, and by the headers of our own C targets.
    private static func imports(below folder: String) -> Set<String> {
        var names: Set<String> = []
        for file in SourceTree.shared.files(below: folder, "swift", "c", "h") {
            for line in file.lines {
                let words = line.split(separator: " ")
                if let index = words.firstIndex(of: "import"), index + 1 < words.count, index < 3 {
                    names.insert(String(words[index + 1].split(separator: ".")[0]))
                } else if words.count > 1, words[0] == "#include", let target = headers[words[1].dropFirst().dropLast()]
                {
                    names.insert(target)
                }
            }
        }
        return names
    }

    /// Target by header.
    private static let headers: [Substring: String] = {
        var headers: [Substring: String] = [:]
        for file in SourceTree.shared.files(below: "Sources/", "h") where file.folder == "include" {
            let parts = file.path.split(separator: "/")
            headers[parts[3]] = String(parts[1])
        }
        return headers
    }()
}

/// Rows of the form "| `Target` | `Dependency`, `Dependency` | what it is |" below the heading "## Targets".
struct TargetTable {
    let rows: [String: Set<String>]

    init() throws {
        let page = SourceTree.shared.files.first { $0.path == "ARCHITECTURE.md" }?.text ?? ""
        let section = try #require(page.split(separator: "\n## ").first { $0.hasPrefix("Targets\n") })
        var rows: [String: Set<String>] = [:]
        for line in section.split(separator: "\n") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count >= 4, let name = Self.names(cells[1]).first else { continue }
            rows[name] = Set(Self.names(cells[2]))
        }
        try #require(!rows.isEmpty)
        self.rows = rows
    }

    private static func names(_ cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}
