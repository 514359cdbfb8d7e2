import Foundation
import Testing

/// The picture of targets in ARCHITECTURE.md: drawn from the table below it.
struct PictureTests {
    @Test("the picture shows the targets of the table and the arrows between them")
    func picture() throws {
        let page = "\(SourceTree.root)/ARCHITECTURE.md"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: page)), as: UTF8.self)
        let start = try #require(text.range(of: "```mermaid\n"))
        let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
        let drawn = Self.drawing(of: try TargetTable().rows)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.replacingCharacters(in: start.upperBound..<end.lowerBound, with: drawn)
                .write(toFile: page, atomically: true, encoding: .utf8)
            return
        }
        #expect(text[start.upperBound..<end.lowerBound] == drawn, "the table has changed: `make golden` draws it again")
    }

    /// Each arrow points to what is depended on. An arrow that others imply is left out, and so are module maps of the
    /// system's libraries and the targets that only export a provider's symbol.
    private static func drawing(of table: [String: Set<String>]) -> String {
        let left = Set(
            table.keys.filter {
                $0.hasSuffix("Provider")
                    || ["CYAML", "COpenBLAS", "CPostgres", "CSeccomp", "CXML", "CZlib"].contains($0)
            }
        )
        .subtracting([
            "EchoProvider", "EchoCProvider", "ToolCProvider", "DatasetsFileProvider", "ToolsBuiltinProvider",
            "SafetyCodeGuardProvider", "SafetyLlamaGuardProvider", "SafetyPatternsProvider",
        ])
        let shown = table.filter { !left.contains($0.key) }.mapValues { $0.subtracting(left).intersection(table.keys) }
        var lines = ["graph TD"]
        for (target, dependencies) in shown.sorted(by: { $0.key < $1.key }) {
            let implied = dependencies.reduce(into: Set<String>()) { $0.formUnion(below($1, shown)) }
            for dependency in dependencies.subtracting(implied).sorted() {
                lines.append("  \(target) --> \(dependency)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All that a target depends on, itself left out.
    private static func below(_ target: String, _ table: [String: Set<String>]) -> Set<String> {
        (table[target] ?? []).reduce(into: []) { all, dependency in
            all.insert(dependency)
            all.formUnion(below(dependency, table))
        }
    }
}
