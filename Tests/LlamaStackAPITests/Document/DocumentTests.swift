import Testing

@testable import LlamaStackAPI

struct DocumentTests {
    @Test("the OpenAPI document is the golden one")
    func document() throws { try Fixture.expectGolden(OpenAPI.document().yamlText, "openapi.yaml") }

    @Test("an extension is printed only when asked for")
    func extensions() {
        var endpoint = MemoryBanks.list.description
        (endpoint.isExtension, endpoint.route) = (true, EndpointDescription.Route(.get, "/extra"))
        let endpoints = Endpoints.all + [endpoint]
        #expect(OpenAPI.document(of: endpoints) == OpenAPI.document())
        #expect(OpenAPI.document(of: endpoints, extensions: true)["paths"]?["/extra"] != nil)
        #expect(!HTMLPage.page(of: endpoints).contains("/extra"))
        #expect(HTMLPage.page(of: endpoints, extensions: true).contains("/extra"))
    }

    @Test("YAML quotes what would be read as something else")
    func yaml() {
        let value: JSON = [
            "200": ["a": "true", "b": "No", "c": "1", "d": "#x", "e": "a: b", "f": "", "g": "plain text", "h": "a\nb"],
            "list": [1, "x", [:], [], ["k": [1, 2], "m": .null], [[1.5], true]], "/path": "^(https?://|data:)",
        ]
        #expect(
            value.yamlText == #"""
                "200":
                  a: "true"
                  b: "No"
                  c: "1"
                  d: "#x"
                  e: "a: b"
                  f: ""
                  g: plain text
                  h: "a\nb"
                list:
                  - 1
                  - x
                  - {}
                  - []
                  - k:
                      - 1
                      - 2
                    m: null
                  - - - 1.5
                    - true
                /path: "^(https?://|data:)"

                """#)
    }

    @Test("the page names every route, every parameter and every field, and loads nothing")
    func page() {
        let page = HTMLPage.page(extensions: true)
        for endpoint in Endpoints.all {
            #expect(page.contains("<article id=\"\(endpoint.id)\">"))
            #expect(page.contains("<code>\(endpoint.route.path)</code>"))
        }
        for (name, _) in Endpoints.all.namedSchemas { #expect(page.contains("<article id=\"type-\(name)\">")) }
        for sign in ["<script", "<link", "<img", "src=", "@import", "url("] { #expect(!page.contains(sign), "\(sign)") }
    }

    @Test("every link of the page leads somewhere")
    func links() {
        let page = HTMLPage.page()
        let targets = page.split(separator: "href=\"#").dropFirst().compactMap { $0.split(separator: "\"").first }
        #expect(targets.count > 100)
        #expect(targets.filter { !page.contains("id=\"\($0)\"") } == [])
    }

    @Test("text is escaped for the page")
    func escapes() { #expect(HTMLPage.escape(#"<a & "b">"#) == "&lt;a &amp; &quot;b&quot;&gt;") }
}
