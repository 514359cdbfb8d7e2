import Foundation
import Testing

@testable import MemoryBanks

struct DocumentTextTests {
    private func read(_ text: String, _ mimeType: String) -> String? { DocumentText.read(Data(text.utf8), mimeType) }

    @Test("of HTML stays what a reader sees, a line for each block")
    func html() {
        let page = """
            <!doctype html><html><head><title>Caf&eacute; &amp; more</title><style>p { color: red }</style>
            <script>if (a < b) { document.write("<p>no</p>") }</script></head>
            <body data-x="a > b"><!-- no <p> --><h1>Head</h1><p>One <b>two</b>&nbsp;three&#33; 1 < 2 &unknown;</p>
            <ul><li>a</li><li>b</li></ul>line<br/>break &#x1F999;</body></html>
            """
        #expect(
            read(page, "text/html; charset=UTF-8")
                == "Café & more\nHead\nOne two three! 1 < 2 &unknown;\na\nb\nline\nbreak 🦙")
    }

    @Test(
        "broken HTML ends with its bytes",
        arguments: [
            "<", "<p", "<p a=\"", "<!--", "<script>", "</", "&", "&#x110000;", "&#xD800;", "<script><p>x</p></scrip>",
            "a<",
        ])
    func brokenHTML(_ page: String) { #expect(read(page, "text/html") != nil) }

    @Test("of Markdown the marks go and the words stay; code stays as it is")
    func markdown() {
        let document = """
            # Title #1
            Some *emphasis*, __strong__ and `code`; snake_case stays. A [link](https://x.test/a_b) ![image](i.png).
            > quoted <b>bold</b>

            - [x] done
            | a | b |
            |---|---|
            ```swift
            let x = a[0] * b
            ```
            2 \\* 3
            """
        #expect(
            read(document, "text/markdown")?.split(separator: "\n").map {
                $0.split(separator: " ").joined(separator: " ")
            } == [
                "Title #1", "Some emphasis, strong and code; snake_case stays. A link image.", "quoted bold", "done",
                "a b",
                "let x = a[0] * b", "2 * 3",
            ])
    }

    @Test("a page or document made to be slow is read in a moment", .timeLimit(.minutes(10)))
    func linear() {
        for piece in ["<", "<a ", "](", "[](", "&#", "<script></", "<!--", "` *"] {
            let text = String(repeating: piece, count: 100_000)
            #expect(read(text, "text/html") != nil)
            #expect(read(text, "text/markdown") != nil)
        }
    }

    @Test("text is read in its own character set")
    func charsets() {
        #expect(DocumentText.read(Data([0x63, 0x61, 0x66, 0xE9]), "text/plain; charset=ISO-8859-1") == "café")
        #expect(DocumentText.read(Data([0xFF, 0xFE, 0x61, 0]), "text/plain; charset=\"utf-16\"") == "a")
        #expect(DocumentText.read(Data([0xEF, 0xBB, 0xBF, 0x61, 0xFF]), "text/plain") == "a\u{FFFD}")
    }

    @Test(
        "other types are not read",
        arguments: [
            "image/png", "application/pdf", "application/octet-stream", "text", "/", "", "text/plain; charset=x",
        ])
    func others(_ mimeType: String) {
        #expect(!DocumentText.canRead(mimeType))
        #expect(read("a", mimeType) == nil)
    }
}
