import Foundation
import Testing

@testable import CodeRules

/// `Benchmarks/Guards/code-guard.json`, which `make judge-code-guard` writes.
struct RecordTests {
    private struct Record: Decodable {
        struct File: Decodable {
            var bandit: String
            var guardRules: [String]

            enum CodingKeys: String, CodingKey {
                case bandit
                case guardRules = "guard"
            }
        }

        var figures: [String: [String: Int]]
        var files: [String: [String: File]]
    }

    private static func record() throws -> Record {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try JSONDecoder().decode(
            Record.self, from: Data(contentsOf: root.appendingPathComponent("Benchmarks/Guards/code-guard.json")))
    }

    @Test func `the figures are those of the files, and on the half that the rules never saw they are good enough`()
        throws
    {
        let record = try Self.record()
        for (half, files) in record.files {
            let bad = files.values.filter { ["medium", "high"].contains($0.bandit) }
            let clean = files.values.filter { $0.bandit == "clean" }
            #expect(record.figures[half]?["bad"] == bad.count)
            #expect(record.figures[half]?["bad_flagged"] == bad.count { !$0.guardRules.isEmpty })
            #expect(record.figures[half]?["clean"] == clean.count)
            #expect(record.figures[half]?["clean_flagged"] == clean.count { !$0.guardRules.isEmpty })
        }
        let held = try #require(record.figures["held_out"])
        #expect(4 * held["bad_flagged", default: 0] >= 3 * held["bad", default: 1])
        #expect(10 * held["clean_flagged", default: 1] <= held["clean", default: 0])
    }

    @Test func `the halves are of one size and have no file in common, and the rules that found something are there`()
        throws
    {
        let record = try Self.record()
        let seen = try #require(record.files["seen"]), held = try #require(record.files["held_out"])
        #expect(seen.count == 47 && held.count == 47 && Set(seen.keys).isDisjoint(with: held.keys))
        let found = Set((Array(seen.values) + Array(held.values)).flatMap(\.guardRules))
        #expect(found.isSubset(of: CodeRule.ids))
    }
}
