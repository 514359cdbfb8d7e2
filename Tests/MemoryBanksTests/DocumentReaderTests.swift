import BankFixtures
import Foundation
import Testing

@testable import MemoryBanks

/// What is read of documents, by the real program beside the tests.
struct DocumentReaderTests {
    private let reader = DocumentReader(pdf: PDFText(), processes: ReaderProcesses.find())

    private func read(_ content: Data, _ mimeType: String) throws(UnreadDocument) -> ReadDocument {
        try reader.read(PendingDocument(id: 1, bank: 1, uuid: "a", mimeType: mimeType, content: content))
    }

    private func read(_ text: String, _ mimeType: String) throws -> String {
        try read(Data(text.utf8), mimeType).text
    }

    private func state(_ content: Data, _ mimeType: String) -> DocumentState? {
        do throws(UnreadDocument) {
            _ = try read(content, mimeType)
            return nil
        } catch { return error.state }
    }

    // MARK: HTML

    @Test("of HTML stays what a reader sees, a line for each block")
    func html() throws {
        let page = """
            <!doctype html><html><head><title>Caf&eacute; &amp; more</title><style>p { color: red }</style>
            <script>if (a < b) { document.write("<p>no</p>") }</script></head>
            <body data-x="a > b"><!-- no <p> --><h1>Head</h1><p>One <b>two</b>&nbsp;three&#33; 1 < 2 &unknown;</p>
            <ul><li>a</li><li>b</li></ul>line<br/>break &#x1F999;</body></html>
            """
        #expect(
            try read(page, "text/html; charset=UTF-8")
                == "Café & more\nHead\nOne two three! 1 < 2 &unknown;\na\nb\nline\nbreak 🦙")
    }

    @Test(
        "a wrong quote in a tag loses no text",
        arguments: [
            ("<a href=\"x.html\"\">link</a> middle <b>after", "link middle after"),
            ("before<td width=5\">cell", "beforecell"), ("<p class='a'b>one<p title=\"x\"'>two", "one\ntwo"),
            ("<img alt=\"5\" tall\">x <i>y", "x y"), ("<a href='it's'>x</a> y", "x y"),
        ])
    func quotes(_ page: String, _ text: String) throws { #expect(try read(page, "text/html") == text) }

    @Test("an element that is closed in its start tag, or is called much like another, swallows nothing")
    func selfClosed() throws {
        let head = "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><script src=\"a.js\"/><title>T</title></head>"
        #expect(try read(head + "<body>a<br/>b</body></html>", "application/xhtml+xml") == "T\na\nb")
        // What is not well-formed is read as HTML.
        #expect(try read("<html><body>a &nbsp; <b>b</body></html>", "application/xhtml+xml") == "a b")
        #expect(try read("a<iframe src=\"x\"/> b<iframe src=y /> c", "text/html") == "a\nb\nc")
        #expect(try read("a <svg-icon>b</svg-icon> <scripted>c", "text/html") == "a b c")
        #expect(try read("a <!-- x --!> b <!--> c", "text/html") == "a b c")
    }

    @Test("every character reference of HTML is its letter")
    func references() throws {
        let page =
            "Informa&ccedil;&otilde;es e n&atilde;o, pi&ugrave;, &Ntilde;and&uacute;, &scaron;koda, &Zcaron; &hearts;"
        #expect(try read(page, "text/html") == "Informações e não, più, Ñandú, škoda, Ž ♥")
        #expect(try read("&#x80; &copy 1 &NotEqualTilde; &#0;", "text/html") == "€ © 1 ≂̸ \u{FFFD}")
    }

    @Test("words of neighbours are parted, and a row of a table stays a row")
    func parted() throws {
        let page = """
            <label>Name</label><input><button>Send</button><select><option>one<option>two</select>
            <table><caption>T</caption><tr><th>a</th><th>b</th></tr><tr><td>1<td><b>2</b></table><a>x</a><a>y</a>
            <pre>let a
            let b</pre>H<sub>2</sub>O
            """
        #expect(try read(page, "text/html") == "Name Send\none\ntwo\nT\na\tb\n1\t2\nx y\nlet a\nlet b\nH2O")
    }

    @Test("cells that hold blocks, or nothing, leave a row a row")
    func cells() throws {
        let page = """
            <table><tr><td><p>a</p></td> <td><div>b</div></td><td></td></tr>
            <tr><td></td><td>c</td><td><ul><li>d</li></ul></td></tr></table>e
            """
        #expect(try read(page, "text/html") == "a\tb\nc\td\ne")
        #expect(try read("| a | b |\n|---|---|\n|  | c |\n| d | e |\n\nf", "text/markdown") == "a\tb\nc\nd\te\nf")
    }

    // MARK: Markdown

    @Test("of Markdown the marks go and the words stay; code stays as it is")
    func markdown() throws {
        let document = """
            # Title #1
            Some *emphasis*, __strong__ and `code`; snake_case stays. A [link](https://x.test/a_b) ![image](i.png).
            > quoted <b>bold</b>

            - [x] done

            | a | b |
            |---|---|
            | c | d |

            ```swift
              let x = a[0] * b
            ```
            2 \\* 3
            """
        #expect(
            try read(document, "text/markdown") == """
                Title #1
                Some emphasis, strong and code; snake_case stays. A link image.
                quoted bold
                done
                a\tb
                c\td
                  let x = a[0] * b
                2 * 3
                """)
    }

    @Test("Markdown with other line ends is the same", arguments: ["\n", "\r\n", "\r"])
    func lineEnds(_ end: String) throws {
        let document = ["```sh", "sudo zebra", "```", "Then read < the yak", "", "# End > here"].joined(separator: end)
        #expect(try read(document, "text/markdown") == "sudo zebra\nThen read < the yak\nEnd > here")
    }

    @Test(
        "Markdown keeps what is no mark by CommonMark's rules",
        arguments: [
            ("`Vec<Zebra>`", "Vec<Zebra>"), ("<zebra@example.org>", "zebra@example.org"),
            ("[Rafael Gonzaga][rgss]\n\n[rgss]: https://x.test", "Rafael Gonzaga"),
            ("[Rafael Gonzaga][rgss]", "[Rafael Gonzaga][rgss]"), ("[alpha](a)[beta](b)", "alpha beta"),
            ("matrix[row][column]", "matrix[row][column]"), ("<div>\n<p>in *html*</p>\n</div>", "in *html*"),
            ("a<br>b", "a\nb"), ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"), ("![a](x)![b](y)", "a b"),
        ])
    func inline(_ document: String, _ text: String) throws { #expect(try read(document, "text/markdown") == text) }

    // MARK: Values

    @Test("JSON is read by its values, its escapes decoded")
    func json() throws {
        let document = #"{"name":"M\u00fcller","n":1546130668394913822,"a":["x y",null],"o":[{"k":"\ud83e\udd99"}]}"#
        let text = "name: Müller\nn: 1546130668394913822\na: x y, null\no:\nk: 🦙"
        #expect(try read(document, "application/json") == text)
        #expect(try read(document + "\n{\"b\":1}", "application/x-ndjson") == text + "\nb: 1")
        #expect(try read("{\"a\": \"broken", "application/ld+json") == "a: broken")
    }

    @Test("XML is read by its values, and its entities stand for no more than letters")
    func xml() throws {
        let document = """
            <?xml version="1.0" encoding="ISO-8859-1"?>
            <!DOCTYPE a [<!ENTITY co "ACME Ltd"><!ENTITY two "&co;&co;"><!ENTITY file SYSTEM "/etc/passwd">]>
            <a id="x &amp; y"><name>M&#252;ller &co;</name><text>&two;&file;Some <b>bo</b>ld <![CDATA[<words>]]></text></a>
            """
        #expect(
            try read(document, "application/xml") == "a id x & y\nname Müller ACME Ltd\ntext Some bold <words>")
        #expect(try read("<rss><title>a & b</title><x>c", "application/rss+xml").contains("c"))
    }

    @Test("of a drawing its texts are read")
    func drawing() throws {
        let drawing =
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><style>a{}</style><text x=\"1\">He<tspan>llo</tspan></text></svg>"
        #expect(try read(drawing, "image/svg+xml") == "Hello")
    }

    @Test("of a message its headers and the parts that are text are read")
    func mail() throws {
        let message = """
            Subject: =?utf-8?B?TcO8bGxlcg==?= =?iso-8859-1?Q?_gr=FC=DFt?=
            From: a@example.org
            X-Other: hidden
            Content-Type: multipart/mixed; boundary="xx"

            --xx
            Content-Type: text/plain; charset=iso-8859-1
            Content-Transfer-Encoding: quoted-printable

            f=FCr =
            alle
            --xx
            Content-Type: text/html
            Content-Transfer-Encoding: base64

            PHA+UGFnZTwvcD4=
            --xx
            Content-Type: image/png

            hidden
            --xx--
            """
        #expect(try read(message, "message/rfc822") == "Subject: Müller grüßt\nFrom: a@example.org\nfür alle\nPage")
    }

    // MARK: Encodings

    private static let russian = "Привет, мир. Это обычный русский текст о погоде в столице."
    private static let japanese = "日本語の文章です。天気は晴れ、気温は高いでしょう。"

    @Test("a byte order mark is stronger than what is declared")
    func marks() throws {
        for (mark, encoding, name) in [
            ([0xFF, 0xFE] as [UInt8], String.Encoding.utf16LittleEndian, "utf-16le"),
            ([0xFE, 0xFF], .utf16BigEndian, "utf-16be"), ([0xFF, 0xFE, 0, 0], .utf32LittleEndian, "utf-32le"),
        ] {
            let bytes = Data(mark) + (try #require("naïve 🦙".data(using: encoding)))
            #expect(
                try read(bytes, "text/plain; charset=iso-8859-1") == ReadDocument(text: "naïve 🦙", encoding: name))
        }
        #expect(try read(Data([0xEF, 0xBB, 0xBF, 0x61, 0xFF]), "text/plain").text == "a\u{FFFD}")
    }

    @Test(
        "a declared charset is used, however it is written",
        arguments: [
            "text/plain; charset=windows-1251", "text/plain;charset = \"CP1251\"", "text/markdown; charset=x-cp1251",
            "text/html; Charset='windows-1251'",
        ])
    func declared(_ mimeType: String) throws {
        let bytes = try #require(Self.russian.data(using: .windowsCP1251))
        #expect(try read(bytes, mimeType) == ReadDocument(text: Self.russian, encoding: "windows-1251"))
    }

    @Test("latin-1, utf-16 and Shift_JIS are known by the names that people write")
    func labels() throws {
        #expect(try read(Data([0x63, 0x61, 0x66, 0xE9]), "text/plain; charset=latin-1").text == "café")
        #expect(try read(Data([0x61, 0]), "text/plain; charset=\"utf-16\"").text == "a")
        let bigEndian = try #require("plain words".data(using: .utf16BigEndian))
        #expect(
            try read(bigEndian, "text/plain; charset=UTF-16")
                == ReadDocument(text: "plain words", encoding: "utf-16be"))
        let bytes = try #require(Self.japanese.data(using: .shiftJIS))
        #expect(try read(bytes, "text/plain; charset=Shift_JIS").text == Self.japanese)
    }

    @Test("a page's meta element and XML's declaration say what they are in")
    func ownWord() throws {
        let bytes = try #require(Self.russian.data(using: .windowsCP1251))
        for head in [
            "<meta charset=windows-1251>", "<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>",
            "<!-- <meta charset=utf-8> --><META CONTENT=\"a\"><meta charset = \"cp1251\"/>",
        ] {
            #expect(
                try read(Data(head.utf8) + bytes, "text/html")
                    == ReadDocument(text: Self.russian, encoding: "windows-1251"))
        }
        let xml = Data("<?xml version='1.0' encoding='windows-1251'?><a>".utf8) + bytes + Data("</a>".utf8)
        #expect(try read(xml, "text/xml").text == "a " + Self.russian)
    }

    @Test("what nothing says is guessed, and said to be a guess")
    func guesses() throws {
        #expect(
            try read(#require(Self.russian.data(using: .windowsCP1251)), "text/plain")
                == ReadDocument(text: Self.russian, encoding: "windows-1251", isGuess: true))
        #expect(
            try read(#require(Self.japanese.data(using: .shiftJIS)), "text/plain")
                == ReadDocument(text: Self.japanese, encoding: "shift_jis", isGuess: true))
        #expect(
            try read(#require("plain words".data(using: .utf16LittleEndian)), "text/plain")
                == ReadDocument(text: "plain words", encoding: "utf-16le", isGuess: true))
        let broken = Data(String(repeating: "grün ", count: 30).utf8) + [0xFF]
        #expect(try read(broken, "text/plain").text == String(repeating: "grün ", count: 30) + "\u{FFFD}")
    }

    @Test("an encoding that is not known is a state of its own, with its name")
    func unknownEncoding() throws {
        for mimeType in ["text/plain; charset=x", "text/html; charset=klingon"] {
            #expect(state(Data("a".utf8), mimeType) == .unknownEncoding)
        }
        #expect(state(Data((0..<2560).map { UInt8($0 % 256) }), "text/plain") == .unknownEncoding)
        do throws(UnreadDocument) {
            _ = try read(Data("a".utf8), "text/plain; charset=x")
        } catch { #expect(error.reason == "the charset 'x' is not known") }
    }

    // MARK: Types

    @Test("a PDF is one whatever unknown type it comes with")
    func pdfTypes() throws {
        let document = try pdf("a", "pages")
        for type in ["application/octet-stream", "text/pdf", "application/x-pdf"] {
            #expect(try read(Data(document.content.bytes), type).text.contains("dragon"))
        }
        #expect(state(Data("no PDF".utf8), "application/octet-stream") == .unsupportedType)
    }

    @Test("other types are not read", arguments: ["image/png", "text", "/", "", "text/rtf", "application/zip"])
    func others(_ mimeType: String) { #expect(state(Data("a".utf8), mimeType) == .unsupportedType) }

    // MARK: What is hostile

    @Test(
        "a document that nests without end is unreadable, and the next one is read",
        arguments: [
            ("<div>", "text/html"), ("<b>", "text/html"), ("<a>", "text/xml"), ("[", "application/json"),
            ("{\"a\":", "application/json"), ("<g>", "image/svg+xml"), ("<i>", "application/xhtml+xml"),
        ])
    func nesting(_ piece: String, _ mimeType: String) throws {
        #expect(state(Data(String(repeating: piece, count: 100_000).utf8), mimeType) == .unreadable)
        #expect(try read("<p>next", "text/html") == "next")
    }

    /// A program of our own, in place of the reader.
    private func fake(_ script: String, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/reader-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/reader"
        try Data("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o700)
        try body(path)
    }

    @Test(
        "whatever the program does costs one document",
        arguments: [
            ("kill -SEGV $$", "reading it ended the reader with signal 11"), ("exit 3", "reading it ended the reader"),
            ("exec sleep 60", "reading it took longer than 1 s"),
            ("printf '\\001\\0\\0\\0\\0\\0\\0\\0x' >&0; exec sleep 60", "reading it ended the reader"),
        ])
    func misbehaves(_ script: String, _ reason: String) throws {
        try fake(script) { program in
            let processes = ReaderProcesses(program, .init(secondsMax: 1))
            for _ in 0..<2 {
                do throws(UnreadDocument) {
                    _ = try processes.read(Data("a".utf8), as: .html, charset: nil, bank: 1)
                    Issue.record("it was read")
                } catch { #expect(error == UnreadDocument(.unreadable, reason)) }
            }
            #expect(processes.take(1) == nil)
        }
    }

    @Test("a process is one bank's, and is replaced after a number of documents or bytes, or one that is unreadable")
    func replaced() throws {
        let program = try #require(ReaderProgram.find())
        let head = try #require(ReaderProtocol.head(.html, charset: nil))
        let processes = ReaderProcesses(program, .init())
        _ = try processes.read(Data("a".utf8), as: .html, charset: nil, bank: 1)
        #expect(processes.take(2) == nil)
        let first = try #require(processes.take(1))
        processes.giveBack(first, 1)
        // One that dies while it waits costs no document.
        kill(first.pid, SIGKILL)
        #expect(try processes.read(Data("b".utf8), as: .html, charset: nil, bank: 1).text == "b")
        #expect(processes.take(1)?.pid != first.pid)

        let few = try ReaderProcess(program, .init(documentsMax: 2))
        for isLast in [false, true] {
            _ = try few.read(Data("a".utf8), head)
            #expect(few.isSpent == isLast)
        }
        let small = try ReaderProcess(program, .init(bytesMax: 3))
        _ = try small.read(Data("abc".utf8), head)
        #expect(small.isSpent)
        let broken = try ReaderProcess(program, .init())
        let json = try #require(ReaderProtocol.head(.json, charset: nil))
        #expect(throws: UnreadDocument.self) { try broken.read(Data(String(repeating: "[", count: 20_000).utf8), json) }
        #expect(broken.isSpent)
    }

    @Test("hostile pieces end with a text or a reason", .timeLimit(.minutes(10)))
    func hostile() throws {
        for piece in [
            "<", "<a ", "](", "[](", "&#", "<script></", "<!--", "` *", "<table><td>", "> ", "- ", "|a", "\\",
        ] {
            let bytes = Data(String(repeating: piece, count: 20_000).utf8)
            for type in ["text/html", "text/markdown", "text/xml", "application/json", "message/rfc822"] {
                let state = state(bytes, type)
                #expect(state == nil || state == .unreadable, "\(piece) as \(type): \(String(describing: state))")
            }
        }
    }
}
