import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// ARCHITECTURE.md's table of targets is the package's.
    @Suite struct TargetTableTests {
        @Test("the table of targets has every target of the package, and its arrows")
        func table() throws {
            guard let described = try Self.describedTargets() else {
                try Test.cancel("`swift package describe` gives nothing here")
            }
            let table = try Self.table()
            #expect(table.keys.sorted() == described.keys.sorted())
            for (target, dependencies) in table {
                #expect(dependencies == described[target] ?? dependencies, "\(target)")
            }
        }

        /// Rows of the form "| `Target` | `Dependency`, `Dependency` | what it is |" under the heading "## Targets".
        private static func table() throws -> [String: Set<String>] {
            let page = String(
                decoding: FileManager.default.contents(atPath: Setting.root + "/ARCHITECTURE.md") ?? Data(),
                as: UTF8.self)
            let sections = page.split(separator: "\n## ").filter { $0.hasPrefix("Targets\n") }
            let section = try #require(sections.first)
            var rows: [String: Set<String>] = [:]
            for line in section.split(separator: "\n") {
                let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                guard cells.count >= 4, let name = names(cells[1]).first else { continue }
                rows[name] = Set(names(cells[2]))
            }
            try #require(!rows.isEmpty)
            return rows
        }

        private static func names(_ cell: Substring) -> [String] {
            cell.matches(of: #/`([^`]+)`/#).map { String($0.1) }
        }

        /// What the package says of itself, without its tests and what serves them; nil where it can't be asked.
        private static func describedTargets() throws -> [String: Set<String>]? {
            // A build folder of its own: that of a running `swift test` is locked.
            let folder = try TemporaryFolder()
            let process = try ChildProcess(
                "/usr/bin/env",
                [
                    "swift", "package", "--package-path", Setting.root, "--scratch-path", folder.path,
                    "--disable-automatic-resolution", "describe", "--type", "json",
                ])
            defer { process.end() }
            guard process.wait(seconds: 60) == .exit(0),
                let start = process.output.firstIndex(of: "{"),
                let json = try? JSON(parsing: String(process.output[start...]))
            else {
                print("swift package describe: \(process.errors.suffix(500))")
                return nil
            }
            var targets: [String: Set<String>] = [:]
            for target in json["targets"]?.items ?? [] {
                guard let name = target["name"]?.stringValue, let path = target["path"]?.stringValue,
                    !path.hasPrefix("Tests/")
                else { continue }
                targets[name] = Set((target["target_dependencies"]?.items ?? []).compactMap(\.stringValue))
            }
            return targets
        }
    }
}
