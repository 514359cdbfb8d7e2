import Foundation
import Testing

@testable import MemoryBanks

/// PDF through poppler's own tool. Where it is not installed these tests fail: `make toolchain` installs it.
struct PDFTextTests {
    private func fixture(_ name: String) throws -> Data {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: tests.appendingPathComponent("Fixtures/pdf/\(name).pdf"))
    }

    private func reader(_ change: (inout PDFText.Limits) -> Void = { _ in }) throws -> PDFText {
        var limits = PDFText.Limits()
        change(&limits)
        return try #require(
            PDFText(limits: limits), "there is no pdftotext; Scripts/install-system-packages.sh installs it")
    }

    /// What a tool of our own gives, in place of poppler's.
    private func run(
        _ script: String, _ input: String = "", _ change: (inout PDFText.Limits) -> Void = { _ in }
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/pdf-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/pdftotext"
        try Data(("#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n").utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o700)
        var limits = PDFText.Limits()
        change(&limits)
        return try #require(PDFText(limits: limits, searchPath: folder)).read(Data(input.utf8))
    }

    /// Pages that all show the same lines.
    private func document(pages: Int, lines: Int) -> Data {
        document(
            content: "BT /F1 4 Tf 9 780 Td " + (0..<lines).map { "(some words of line \($0)) Tj 0 -4 Td " }.joined()
                + "ET", pages: pages)
    }

    private func document(content text: String, pages: Int) -> Data {
        let kids = (0..<pages).map { "\($0 + 5) 0 R" }.joined(separator: " ")
        let page = """
            << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R
            /Resources << /Font << /F1 3 0 R >> >> >>
            """
        let objects =
            [
                "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [\(kids)] /Count \(pages) >>",
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
                "<< /Length \(text.utf8.count) >>\nstream\n\(text)\nendstream",
            ] + Array(repeating: page, count: pages)
        var file = "%PDF-1.4\n"
        var table = "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for (index, object) in objects.enumerated() {
            table += String(format: "%010d 00000 n \n", file.utf8.count)
            file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let trailer =
            "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(file.utf8.count)\n%%EOF\n"
        return Data((file + table + trailer).utf8)
    }

    @Test("the text of all pages is read, in UTF-8")
    func pages() throws {
        let words = try reader().read(fixture("pages")).split { $0.isWhitespace }.joined(separator: " ")
        #expect(words == "The dragon sleeps on gold in the café. Page two speaks of harbours.")
    }

    /// A page that shows each piece at its place.
    private func page(_ pieces: [(x: Int, y: Int, text: String)]) -> Data {
        let shown = pieces.map { "1 0 0 1 \($0.x) \($0.y) Tm (\($0.text)) Tj" }.joined(separator: " ")
        return document(content: "BT /F1 10 Tf \(shown) ET", pages: 1)
    }

    @Test("a row of a table stays a row, and columns of running text stay columns", arguments: [14, 28])
    func rows(gap: Int) throws {
        let table = [
            ["Animal", "Legs", "Sound"], ["Zebra", "4", "bark"], ["Heron", "2", "croak"], ["Yak", "4", "grunt"],
        ]
        let before = "A paragraph before the table that says what it holds."
        let cells = table.enumerated().flatMap { row, cells in
            cells.enumerated().map { (x: 72 + 110 * $0.offset, y: 700 - gap * row, text: $0.element) }
        }
        #expect(
            try reader().read(page([(72, 740, before)] + cells)).trimmingCharacters(in: .whitespacesAndNewlines)
                == ([before] + table.map { $0.joined(separator: "\t") }).joined(separator: "\n"))
        let left = [
            "the quick brown fox jumps over", "dogs and the lazy cat sleeps on", "a mat that was bought in town",
        ]
        let right = [
            "another column begins here and", "says something else about ships", "that sail in the night alone",
        ]
        let lines =
            left.enumerated().map { (x: 72, y: 700 - 12 * $0.offset, text: $0.element) }
            + right.enumerated().map { (x: 320, y: 700 - 12 * $0.offset, text: $0.element) }
        let read = try reader().read(page(lines)).split { $0.isNewline || $0 == "\u{C}" }
        #expect(read.map(String.init) == left + right)
    }

    @Test("pages beyond the limit are not read")
    func pagesMax() throws {
        let file = document(pages: 30, lines: 1)
        func count(_ pagesMax: Int) throws -> Int {
            try reader { $0.pagesMax = pagesMax }.read(file).components(separatedBy: "some words").count - 1
        }
        #expect(try count(100) == 30)
        #expect(try count(7) == 7)
    }

    @Test("what is no whole PDF is not read", arguments: ["cut", "endless-tree"])
    func damaged(_ name: String) throws {
        let reader = try reader()
        let file = try fixture(name)
        #expect(throws: PDFText.Failure.damaged) { try reader.read(file) }
        #expect(throws: PDFText.Failure.damaged) { try reader.read(Data()) }
        #expect(throws: PDFText.Failure.damaged) { try reader.read(Data("not a PDF".utf8)) }
    }

    @Test("a document with a password is not read, and says so")
    func encrypted() throws {
        let reader = try reader()
        let file = try fixture("encrypted")
        #expect(throws: PDFText.Failure.encrypted) { try reader.read(file) }
    }

    @Test("a page of 4 GB in 7 KB ends with its second")
    func bomb() throws {
        let reader = try reader { $0.secondsMax = 1 }
        let file = try fixture("space-bomb")
        #expect(throws: PDFText.Failure.timedOut(seconds: 1)) { try reader.read(file) }
    }

    @Test("a document of more text than the limit is not read")
    func textBytesMax() throws {
        let file = document(pages: 500, lines: 190)
        let reader = try reader { $0.textBytesMax = 1 << 20 }
        #expect(throws: PDFText.Failure.tooLong(bytes: 1 << 20)) { try reader.read(file) }
    }

    @Test("hostile bytes in every place of a document end with a text or a reason")
    func mutations() throws {
        let reader = try reader { $0.secondsMax = 5 }
        let whole = try fixture("pages")
        var texts = 0
        var reasons = 0
        for place in stride(from: 0, to: whole.count, by: 31) {
            var file = whole
            file[place] ^= 0x15
            if (try? reader.read(file)) != nil { texts += 1 } else { reasons += 1 }
        }
        // A reader of PDF mends what it can.
        #expect(texts > 10)
        #expect(texts + reasons == (whole.count + 30) / 31)
    }

    // MARK: Whatever the tool does

    @Test("a crash of the tool is an error of this document")
    func crash() throws {
        #expect(throws: PDFText.Failure.crashed(signal: 11)) { try run("kill -SEGV $$") }
    }

    @Test("a tool that hangs is ended, with its output open or closed", arguments: ["", "exec >&- 2>&-; "])
    func hang(before: String) throws {
        // Left alone it would end well, without a text.
        #expect(throws: PDFText.Failure.self) { try run(before + "exec sleep 60") { $0.secondsMax = 1 } }
    }

    @Test("a tool that has written its text may take a while to end")
    func slowEnd() throws {
        #expect(try run("echo text; exec >&- 2>&-; exec sleep 1.5") == "text\n")
    }

    @Test("a tool that takes more memory than it may fails")
    func memory() throws {
        let script = "exec dd if=/dev/zero of=/dev/null bs=300M count=1"
        #expect(try run(script) == "")
        #expect(throws: PDFText.Failure.damaged) { try run(script) { $0.memoryBytesMax = 200 << 20 } }
    }

    @Test("the tool has the document, no environment and no file of ours, and can write none")
    func surroundings() throws {
        #expect(try run("exec cat", "bytes\n") == "bytes\n")
        // What a shell sets by itself is not ours.
        #expect(try run("exec env").split(separator: "\n").filter { !$0.hasPrefix("PWD=") } == [])
        // The last is the listing's own.
        #expect(try run("exec ls /proc/self/fd") == "0\n1\n2\n3\n")
        #expect(throws: PDFText.Failure.crashed(signal: 25)) { try run("echo x >$0.file") }
    }

    @Test("where there is no tool, there is no reader, and PDF is a type that can't be read")
    func absent() {
        #expect(PDFText(searchPath: "/nowhere:relative") == nil)
        let reader = DocumentReader(pdf: PDFText(searchPath: "/nowhere"), processes: nil)
        let refusal = reader.refusal(DocumentKind("Application/PDF; version=1", Data()))
        #expect(refusal?.state == .unsupportedType)
        #expect(refusal?.reason.contains("install poppler-utils") == true)
        #expect(
            reader.refusal(DocumentKind("text/html", Data()))?.reason.contains("llama-stack-document-reader") == true)
        #expect(reader.refusal(DocumentKind("text/plain", Data())) == nil)
    }
}
