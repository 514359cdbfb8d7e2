import Foundation
import Testing

/// The folders of a target are its layers: arrows between them point one way, and a new arrow is a decision.
struct FolderTests {
    struct Arrow: Hashable { let from, to: String }

    @Test("the arrows between the folders of a target are those of the list")
    func arrows() throws {
        let list = "\(SourceTree.root)/Tests/HouseTests/folders.txt"
        let lines = Self.targets.flatMap { target -> [String] in
            let arrows = Self.arrows(in: target)
            return Dictionary(grouping: arrows.keys, by: \.from).sorted { $0.key < $1.key }.map { from, arrows in
                "\(target): \(Self.name(from)) -> \(arrows.map { Self.name($0.to) }.sorted().joined(separator: ", "))"
            }
        }
        let text = lines.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(toFile: list, atomically: true, encoding: .utf8)
        }
        let known = Set(
            String(decoding: FileManager.default.contents(atPath: list) ?? Data(), as: UTF8.self).split(separator: "\n")
        )
        for line in lines where !known.contains(Substring(line)) {
            Issue.record(
                "\(line) is not in folders.txt: point the arrow the other way, or `make golden` and say why in the commit"
            )
        }
        for line in known where !lines.contains(String(line)) {
            Issue.record("folders.txt: '\(line)' is no longer so; run `make golden`")
        }
    }

    @Test("no folders of a target need each other in a circle")
    func cycles() throws {
        var violations: [(place: String, message: String)] = []
        for target in Self.targets {
            let arrows = Self.arrows(in: target)
            for (arrow, names) in arrows where Self.leads(arrow.to, to: arrow.from, by: arrows) {
                violations.append(
                    (
                        "\(target): \(Self.name(arrow.from)) -> \(Self.name(arrow.to))",
                        "is part of a circle, by \(names.sorted().prefix(4).joined(separator: ", ")); "
                            + "move what both need into a folder below both"
                    ))
            }
        }
        try Exceptions("circle").judge(violations)
    }

    private static let targets = Set(
        ["Sources/", "Plugins/"].flatMap { SourceTree.shared.files(below: $0, "swift") }.map(\.target)
    ).sorted()

    private static func name(_ folder: String) -> String { folder.isEmpty ? "." : folder }

    /// With the names that make each.
    private static func arrows(in target: String) -> [Arrow: Set<String>] {
        let files = SourceTree.shared.files(below: target + "/", "swift").map {
            (folder: $0.folder, text: SwiftText($0))
        }
        var homes: [String: Set<String>] = [:]
        for file in files { for name in file.text.declared { homes[name, default: []].insert(file.folder) } }
        var arrows: [Arrow: Set<String>] = [:]
        for file in files {
            for name in file.text.used {
                guard let home = homes[name], home.count == 1, let to = home.first, to != file.folder else { continue }
                arrows[Arrow(from: file.folder, to: to), default: []].insert(name)
            }
        }
        return arrows
    }

    private static func leads(_ from: String, to end: String, by arrows: [Arrow: Set<String>]) -> Bool {
        var seen: Set = [from]
        var open = [from]
        while let folder = open.popLast() {
            if folder == end { return true }
            for arrow in arrows.keys where arrow.from == folder && seen.insert(arrow.to).inserted {
                open.append(arrow.to)
            }
        }
        return false
    }
}
