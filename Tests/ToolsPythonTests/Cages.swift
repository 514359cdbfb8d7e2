import ChildProcess
import Foundation
import ProviderKit
import Testing

@testable import ToolsPython

/// Cages for tests, with limits other than the usual where a test gives them.
enum Cages {
    static func make(_ settings: JSONObject = [:], groups: ControlGroups? = nil) throws -> Cage {
        let configuration = try PythonConfiguration(json: .object(settings), at: .root)
        return try Cage(
            limits: configuration.limits, python: configuration.python, bubblewrap: configuration.bubblewrap,
            groups: groups)
    }

    /// The programs of Tests/Fixtures/cage-probes.py.
    static func probes() throws -> Data {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: tests.appendingPathComponent("Fixtures/cage-probes.py"))
    }

    /// Runs code in a cage of its own.
    static func run(_ code: String, _ settings: JSONObject = [:], groups: ControlGroups? = nil) async throws
        -> CageOutcome
    {
        try await make(settings, groups: groups).run(code)
    }
}

extension CageOutcome {
    var outputText: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }
}
