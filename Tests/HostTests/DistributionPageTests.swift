import Foundation
import Testing

@testable import Host

@Suite struct DistributionPageTests {
    @Test("the page about distributions has every key as it is read")
    func keys() throws {
        let page = URL(fileURLWithPath: #filePath + "/../../../Documentation/Distributions.md").standardized
        let text = try String(contentsOf: page, encoding: .utf8)
        let begin = try #require(text.range(of: "`make golden` -->\n")).upperBound
        let end = try #require(text.range(of: "<!-- end of keys -->")).lowerBound
        let wanted = Manifest.documentation.map(Self.table).joined(separator: "\n")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.replacingCharacters(in: begin..<end, with: wanted).write(
                to: page, atomically: true, encoding: .utf8)
        } else {
            #expect(text[begin..<end] == wanted, "`make golden` rewrites the page")
        }
    }

    private static func table(_ section: (section: String, rows: [KeyRow])) -> String {
        var lines = ["### \(section.section)", "", "| key | takes | default | |", "| --- | --- | --- | --- |"]
        for row in section.rows {
            let absent = row.isRequired ? "**required**" : row.defaultText ?? ""
            lines.append("| `\(row.name)` | \(row.type) | \(absent) | \(row.documentation) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
