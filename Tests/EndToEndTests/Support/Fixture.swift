import Foundation
import LlamaStackAPI
import Testing

/// Files under Tests/Fixtures.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: Setting.fixtures + "/" + name)))
    }

    static func json(_ name: String) throws -> JSON { try JSON(parsing: try bytes(name)) }

    /// Holds `text` against golden/`name`; with UPDATE_GOLDEN=1 in the environment it is written there instead.
    static func expectGolden(_ text: String, _ name: String, at location: SourceLocation = #_sourceLocation) throws {
        let file = URL(fileURLWithPath: "\(Setting.fixtures)/golden/\(name)")
        if Setting.updatesGolden {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            return
        }
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(text == golden, "golden/\(name) differs; `make golden` rewrites it", sourceLocation: location)
    }
}
