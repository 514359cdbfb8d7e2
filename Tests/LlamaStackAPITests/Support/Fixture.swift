import Foundation
import Testing

@testable import LlamaStackAPI

/// Files under Tests/Fixtures.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func json(_ name: String) throws -> JSON {
        try JSON(parsing: Array(try Data(contentsOf: folder.appendingPathComponent(name))))
    }

    /// Holds `text` against golden/`name`; with UPDATE_GOLDEN=1 in the environment it is written there instead.
    static func expectGolden(_ text: String, _ name: String, at location: SourceLocation = #_sourceLocation) throws {
        let file = folder.appendingPathComponent("golden").appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
            return
        }
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let differing = zip(text.split(separator: "\n"), golden.split(separator: "\n")).first { $0 != $1 }
            .map { "now '\($0)', was '\($1)'" }
        #expect(
            text == golden,
            "golden/\(name) differs: \(differing ?? "longer or shorter"); `make golden` rewrites it",
            sourceLocation: location)
    }
}
