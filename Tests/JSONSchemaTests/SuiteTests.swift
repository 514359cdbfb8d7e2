import Foundation
import JSONSchema
import LlamaStackAPI
import Testing

/// The official tests of JSON Schema: github.com/json-schema-org/JSON-Schema-Test-Suite.
@Suite(.timeLimit(.minutes(10)))
struct SuiteTests {
    struct Group {
        let file: String
        let description: String
        let schema: JSON
        let tests: [(description: String, data: JSON, isValid: Bool)]
    }

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/json-schema")

    /// - Parameter uri: stands in each schema that names no draft.
    static func groups(_ name: String, uri: String) throws -> [Group] {
        let text = try String(contentsOf: fixtures.appending(path: name + ".jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let group = try JSON(parsing: String(line))
            var schema = try #require(group["schema"])
            if case .object(let object) = schema, object["$schema"] == nil,
                !group["file"]!.stringValue!.hasSuffix("no-schema")
            {
                var named: JSONObject = ["$schema": .string(uri)]
                for member in object.members { named[member.key] = member.value }
                schema = .object(named)
            }
            guard case .array(let tests)? = group["tests"] else { throw CocoaError(.fileReadCorruptFile) }
            return Group(
                file: group["file"]?.stringValue ?? "", description: group["description"]?.stringValue ?? "",
                schema: schema,
                tests: tests.map {
                    ($0["description"]?.stringValue ?? "", $0["data"] ?? .null, $0["valid"] == .bool(true))
                })
        }
    }

    /// Needed shares of judged tests: the others have references to other documents, or schemas that only a dialect
    /// of their own explains.
    @Test(
        "no verdict on an official test is wrong, and all but a few are judged",
        arguments: [
            ("draft2020-12", "https://json-schema.org/draft/2020-12/schema", 0.95),
            ("draft2019-09", "https://json-schema.org/draft/2019-09/schema", 0.93),
            ("draft7", "http://json-schema.org/draft-07/schema#", 0.95),
            ("draft6", "http://json-schema.org/draft-06/schema#", 0.95),
            ("draft4", "http://json-schema.org/draft-04/schema#", 0.95),
        ])
    func verdicts(name: String, uri: String, share: Double) throws {
        var counts: [Bool: (judged: Int, all: Int)] = [:]
        var refusals: [String: Int] = [:]
        for group in try Self.groups(name, uri: uri) {
            let isOptional = group.file.hasPrefix("optional/")
            counts[isOptional, default: (0, 0)].all += group.tests.count
            let schema: ValueSchema
            switch Self.parse(group.schema) {
            case .success(let parsed): schema = parsed
            case .failure(let error):
                refusals["\(group.file): \(error.keyword)", default: 0] += group.tests.count
                #expect(error.kind == .unsupported, "\(group.file), \(group.description): \(error)")
                continue
            }
            for test in group.tests {
                counts[isOptional]?.judged += 1
                let violations = schema.validate(test.data)
                #expect(
                    violations.isEmpty == test.isValid,
                    "\(group.file), \(group.description), \(test.description): \(violations)")
            }
        }
        let required = try #require(counts[false])
        print(
            "\(name): \(required.judged) of \(required.all) required tests judged, none refused but by name;",
            "optional: \(counts[true]?.judged ?? 0) of \(counts[true]?.all ?? 0)")
        for (place, count) in refusals.sorted(by: { $0.key < $1.key }) { print("  refused \(count) of \(place)") }
        #expect(Double(required.judged) >= share * Double(required.all))
    }

    static func parse(_ schema: JSON) -> Result<ValueSchema, SchemaError> {
        do throws(SchemaError) { return .success(try ValueSchema(parsing: schema)) } catch { return .failure(error) }
    }
}
