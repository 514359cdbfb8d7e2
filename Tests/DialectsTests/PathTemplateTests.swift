import Testing

@testable import Dialects

struct PathTemplateTests {
    private let template: PathTemplate = "/v1/models/{model}"

    @Test("a segment is decoded once: what is encoded in it stays one segment")
    func decoding() {
        #expect(template.match("/v1/models/a%2Fb%3Ac") == ["model": "a/b:c"])
        #expect(template.match("/v1/models/a%252Fb") == ["model": "a%2Fb"])
        #expect(template.match("/v1/models/caf%C3%A9") == ["model": "café"])
        #expect(template.match("/v1/models/a+b") == ["model": "a+b"])
    }

    @Test(
        "another path, or one whose encoding is no text, does not match",
        arguments: [
            "/v1/models", "/v1/models/a/b", "/v1/Models/a", "/v1/models/%FF", "/v1/models/%2", "/v1/models/%zz",
        ])
    func other(path: String) { #expect(template.match(path) == nil) }

    @Test("empty segments do not count")
    func slashes() { #expect(template.match("/v1//models/a/") == ["model": "a"]) }
}
