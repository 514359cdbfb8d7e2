import Testing

@testable import ChatTemplates

/// Small snippets of Jinja against jinja2 (`Scripts/reference/templates_fuzz.py`).
struct SnippetTests {
    @Test("small snippets render, or are refused, as jinja2 does it")
    func snippets() throws {
        let data = try ReferenceData.map("snippets.json")
        let context = try #require(data["context"]?.map)
        let cases = try #require(data["cases"]?.list)
        #expect(cases.count > 500)
        for item in cases {
            let item = try #require(item.map)
            let source = try #require(item["source"]?.string)
            let outcome: String?
            do {
                outcome = try Template(source).render(context, today: someDay).text
            } catch {
                outcome = nil
            }
            #expect(
                outcome.map { Array($0.utf8) } == item["text"]?.string.map { Array($0.utf8) },
                "\(source) gave \(outcome ?? "an error"), jinja2: \(item["text"]?.string ?? item["refused"]?.string ?? "")"
            )
        }
    }
}
