import LlamaStackAPI
import Testing

@testable import ChatTemplates

struct WideNumberTests {
    /// What jinja2 3.1 writes, where a caller's number has more digits than 64 bits hold.
    @Test(
        "a number beyond 64 bits is shown, compared and written digit by digit",
        arguments: [
            ("{{ n }}", "11679230632388718523"), ("{{ n | tojson }}", "11679230632388718523"),
            ("{{ [n] }}", "[11679230632388718523]"), ("{{ {'a': n} | tojson }}", "{\"a\": 11679230632388718523}"),
            ("{{ n == m }} {{ n < m }} {{ n > 5 }} {{ n == n }}", "False True True True"),
            ("{{ n is integer }} {{ n is number }} {{ n | int }}", "True True 11679230632388718523"),
            ("{{ n | string | length }}", "20"), ("{{ 'yes' if n else 'no' }}", "yes"),
            ("{{ [m, n, 1] | sort }}", "[1, 11679230632388718523, 11679230632388718524]"),
            ("{{ f }}", "0.12345678901234568"),
        ])
    func wide(source: String, text: String) throws {
        let numbers = try JSON(
            parsing: "{\"n\": 11679230632388718523, \"m\": 11679230632388718524, \"f\": 0.1234567890123456789012}")
        guard case .map(let variables) = TemplateValue(numbers) else { return }
        #expect(try Template(source).render(variables, today: someDay).text == text)
        #expect(JSON(TemplateValue(numbers)) == numbers)
    }

    @Test("arithmetic with one is refused: digits would be lost")
    func arithmetic() throws {
        guard case .map(let variables) = TemplateValue(try JSON(parsing: "{\"n\": 11679230632388718523}")) else { return }
        #expect(throws: TemplateError.self) { try Template("{{ n + 1 }}").render(variables, today: someDay) }
    }
}

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
