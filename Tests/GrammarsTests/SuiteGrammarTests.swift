import Foundation
import JSONSchema
import LlamaStackAPI
import Testing

@testable import Grammars

/// The official tests of JSON Schema, read by grammars: they take nothing that is invalid. Of what is valid they leave
/// out other orders of keys, keys that the schema neither lists nor asks for, and other spellings of numbers.
@Suite(.timeLimit(.minutes(10)))
struct SuiteGrammarTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/json-schema/draft2020-12.jsonl")

    @Test("a grammar takes no instance of the official tests that is invalid, and most that are valid")
    func verdicts() throws {
        var refusals: [String: Int] = [:]
        var counts = (all: 0, judged: 0, valid: 0, taken: 0)
        for line in try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n") {
            let group = try JSON(parsing: String(line))
            guard case .array(let tests)? = group["tests"], let document = group["schema"] else { continue }
            let place = "\(group["file"]?.stringValue ?? ""), \(group["description"]?.stringValue ?? "")"
            if place.hasPrefix("optional/") { continue }
            counts.all += tests.count
            guard let schema = try? ValueSchema(parsing: document) else { continue }
            let grammar: Grammar
            do throws(GrammarError) {
                grammar = try Grammar(.now(.value(schema, .spaced)), timeMax: nil)
            } catch {
                // Where nothing is valid there is no grammar, which is right.
                let isNever = !tests.contains { $0["valid"] == .bool(true) }
                if isNever {
                    counts.judged += tests.count
                } else {
                    refusals["\(error.keyword.isEmpty ? place : error.keyword)", default: 0] += tests.count
                }
                continue
            }
            for test in tests {
                counts.judged += 1
                let text = String(decoding: JSONStyle.spaced.spelling(of: test["data"] ?? .null), as: UTF8.self)
                let isTaken = grammar.accepts(text)
                if test["valid"] == .bool(true) {
                    counts.valid += 1
                    counts.taken += isTaken ? 1 : 0
                    if !isTaken { print("narrower: \(place): \(text)") }
                } else {
                    #expect(!isTaken, "\(place): \(text)")
                }
            }
        }
        print(
            "official tests: \(counts.judged) of \(counts.all) judged; of \(counts.valid) valid \(counts.taken) taken")
        print("refused by keyword: \(refusals.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" })")
        #expect(counts.judged * 100 > counts.all * 85)
    }
}
