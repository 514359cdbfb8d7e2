import Foundation
import Testing

@testable import ChatTemplates

/// Our side of `make fuzz-templates` and `make check-templates` (`Scripts/reference/templates_differ.sh`), which
/// compare it with jinja2's.
struct DifferentialTests {
    static let cases = ProcessInfo.processInfo.environment["LLAMA_STACK_TEMPLATE_CASES"]

    /// One JSON object a line: `{"variables": {…}}` holds for the lines after it, `{"source": …}` is a template, and
    /// `{"file": …}` the name of one.
    @Test(
        "every template of a file is rendered or refused",
        .enabled(if: cases != nil, "`make fuzz-templates` runs it"))
    func render() throws {
        let input = URL(filePath: try #require(Self.cases))
        let text = String(decoding: try Data(contentsOf: input), as: UTF8.self)
        var variables: TemplateMap = [:]
        var outcomes = Data()
        for line in text.split(separator: "\n") {
            let item = try #require(LiteralReader.value(String(line))?.map)
            if let given = item["variables"]?.map { variables = given }
            var source = item["source"]?.string
            if let file = item["file"]?.string {
                source = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
            }
            guard let source else { continue }
            var outcome: [String: String]
            do throws(TemplateError) {
                outcome = ["text": try Template(source).render(variables, today: someDay).text]
            } catch {
                outcome = ["error": error.description, "kind": "\(error.kind)"]
            }
            outcomes += try JSONSerialization.data(withJSONObject: outcome) + Data("\n".utf8)
        }
        try outcomes.write(to: input.appendingPathExtension("ours"))
    }
}
