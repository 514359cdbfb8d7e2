import Foundation
import Testing

@testable import LlamaStackAPI

@Suite struct MethodsPageTests {
    private static let documentation = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the page about methods is the one that the endpoints make`() throws {
        try Fixture.expectGolden(MethodsPage.page(), "../../../Documentation/Methods.md")
    }

    @Test func `every method, parameter, field and word of every API is on the page`() {
        let page = MethodsPage.page()
        for endpoint in Endpoints.all {
            #expect(page.contains("| `\(endpoint.method)` | "))
            for parameter in endpoint.query { #expect(page.contains("| `\(parameter.key)` | ")) }
        }
        for (name, schema) in Endpoints.all.namedSchemas {
            switch schema {
            case .enumeration(_, let values, _): for value in values { #expect(page.contains("`\"\(value)\"`")) }
            case .record(let record):
                #expect(page.contains("\n### \(name)\n"))
                for field in record.properties { #expect(page.contains("| `\(field.key)` | ")) }
            default: #expect(page.contains("\n### \(name)\n"))
            }
        }
    }

    @Test func `every object stands once, and every link of the page leads to one`() {
        let page = MethodsPage.page()
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("## ") || $0.hasPrefix("### ") }
            .map { $0.drop { $0 == "#" || $0 == " " }.lowercased().replacing(" ", with: "-") }
        #expect(Set(headings).count == headings.count)
        let links = page.split(separator: "](#").dropFirst().compactMap {
            $0.split(separator: ")").first.map(String.init)
        }
        #expect(links.count > 50)
        #expect(Set(links).subtracting(headings) == [])
    }

    @Test func `no sign of a type breaks a table`() {
        for line in MethodsPage.page().split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.replacing("\\|", with: "").count { $0 == "|" }
            #expect([5, 6, 9].contains(cells), "\(line)")
        }
    }

    @Test func `every error code has a meaning, and its status the name that the C header gives it`() throws {
        let header = try String(
            contentsOf: Self.documentation.appendingPathComponent(
                "Sources/CProviderABI/include/llama_stack_provider.h"),
            encoding: .utf8)
        for code in ErrorCode.all {
            #expect(code.meaning != nil, "\(code)")
            #expect(header.contains(" \(code.abiStatusName) = \(code.abiStatus)"), "\(code)")
        }
    }
}
