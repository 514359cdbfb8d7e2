import CLimitedProcess
import ChildProcess
import Foundation
import Testing

@testable import MemoryBanks

/// Documents that are so large that their trees are made in parts.
struct LargeDocumentTests {
    private let processes = ReaderProcesses.find()

    private func read(_ text: String, _ format: DocumentFormat) throws -> [Substring] {
        let processes = try #require(processes)
        return try processes.read(Data(text.utf8), as: format, charset: "utf-8", bank: 1).text.split(separator: "\n")
    }

    @Test("a page of several MiB is read as what stands in it, whatever is open where it is cut")
    func page() throws {
        let rows = 0..<40_000
        var page = "<!DOCTYPE html><html><body class='a'><div><b>All<table><tr><td>n<td>name</tr>"
        for row in rows { page += "<tr><td>\(row)<td><!-- <p>no --><p>name of row<a href='/'>\(row)</a></tr>\n" }
        page += "</table><script>'<p>no'</script><pre>\n"
        for row in rows { page += "<i>code</i>  of\n\(row)<p hidden>" }
        page += "</pre><template>"
        for row in rows { page += "<p>never \(row)</p>" }
        page += "</template><svg><foreignObject><div>"
        for row in rows { page += "<p>drawn<b>\(row)</b>" }
        page += "</div></foreignObject></svg></div><p>end"
        var wanted = ["All", "n\tname"] + rows.map { "\($0)\tname of row\($0)" }
        for row in rows { wanted += ["code of", "\(row)"] }
        wanted += rows.map { "drawn\($0)" } + ["end"]
        let lines = try read(page, .html)
        #expect(lines.count == wanted.count)
        let first = zip(lines, wanted).first { $0 != $1 }
        #expect(first == nil, "\(String(describing: first))")
    }

    @Test("a page that has no block for several MiB, and one whose only block does not end, are read whole")
    func pageInOne() throws {
        let words = (0..<400_000).map { "w\($0)" }
        #expect(try read("<p>" + words.joined(separator: "<br>"), .html).count == words.count)
        let script = "<script>" + words.joined(separator: " <p>")
        #expect(try read("<p>before" + script + "</script><p>after", .html) == ["before", "after"])
        let comment = "<!--" + words.joined(separator: " <p>")
        #expect(try read("<p>before" + comment + "--><p>after", .html) == ["before", "after"])
    }

    @Test("Markdown of several MiB is read as what stands in it: lists, tables, code, links that the end defines")
    func markdown() throws {
        let rows = 0..<50_000
        var document = "# Head\n\n"
        for row in rows { document += "- item *\(row)* of [this][link]\n\n  and more\n" }
        document += "\n| n | name |\n| - | - |\n"
        for row in rows { document += "| \(row) | row *number* \(row) |\n" }
        document += "\n```\n"
        for row in rows { document += "  *code* \(row)\n\n" }
        document += "```\n\n"
        for row in rows { document += "Words\nof *\(row)* and [link].\n\n" }
        document += "[link]: https://example.org/a\n"
        var wanted = ["Head"] + rows.flatMap { ["item \($0) of this", "and more"] } + ["n\tname"]
        wanted += rows.map { "\($0)\trow number \($0)" } + rows.map { "  *code* \($0)" }
        wanted += rows.map { "Words of \($0) and link." }
        let lines = try read(document, .markdown)
        #expect(lines.count == wanted.count)
        let first = zip(lines, wanted).first { $0 != $1 }
        #expect(first == nil, "\(String(describing: first))")
    }

    @Test("a long text comes whole out of its process, whichever letters its pieces end in")
    func pieces() throws {
        let text = String(repeating: "a€é🦙", count: 1_300_000)
        let processes = try #require(processes)
        var bytes = Data([0xFF, 0xFE])
        bytes.append(try #require(text.data(using: .utf16LittleEndian)))
        #expect(try processes.read(bytes, as: .plain, charset: nil, bank: 1).text == text)
    }

    @Test("XML is read by its own letters, whichever encoding its declaration says it was in")
    func declaration() throws {
        let text = "<?xml version=\"1.0\" encoding=\"iso-8859-2\"?><a>žluťoučký</a>"
        let processes = try #require(processes)
        #expect(try processes.read(Data(text.utf8), as: .xml, charset: "utf-8", bank: 1).text == "a žluťoučký")
    }

    @Test(
        "the process takes less than three times a document's size for its bytes, its tree and its text",
        arguments: [DocumentFormat.html, .markdown, .xml, .json])
    func memory(_ format: DocumentFormat) throws {
        let line =
            switch format {
            case .html: "<div><p>Some <b>words</b> of a <a href=\"/page\">page</a>.</p><ul><li>one<li>two</ul></div>\n"
            case .markdown: "Some *words* of a [page](/page).\n\n- one\n- two\n\n"
            case .xml: "<part id=\"1\">Some <b>words</b></part>\n"
            default: "{\"some\":[1,2,3,4,5,6,7],\"words\":\"of a page\"}\n"
            }
        let text = String(repeating: line, count: (24 << 20) / line.utf8.count)
        let content = Data((format == .xml ? "<all>\(text)</all>" : text).utf8)
        let (bytes, read) = try peak(content, format)
        #expect(read.utf8.count > content.count / 6)
        #expect(bytes < 3 * content.count, "\(Double(bytes) / Double(content.count)) times")
    }

    @Test(
        "JSON is given back as its text grows: of digits and commas alone, whose text is longer, it takes less than twice"
    )
    func numbers() throws {
        let content = Data(digits(32 << 20).utf8)
        let (bytes, text) = try peak(content, .json)
        #expect(text.utf8.count == content.count / 2 * 3 - 2)
        #expect(text.hasPrefix("1, 2, 3") && text.hasSuffix("7, 8, 9"))
        #expect(bytes < 2 * content.count, "\(Double(bytes) / Double(content.count)) times")
    }

    @Test("the process gives back what it has sent of a text, so that two copies are never whole at once")
    func sent() throws {
        let reader = try RawReader()
        let content = digits(40 << 20)
        try reader.send([6, 0] + Array(content.utf8))
        let size = try reader.receive(8).withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
        #expect(size > content.utf8.count)
        _ = try reader.receive(size / 6 * 5)
        let held = try reader.residentBytes()
        #expect(held < size / 2, "\(held) of \(size)")
        #expect(try reader.receive(size - size / 6 * 5).last == UInt8(ascii: "9"))
    }

    /// `[1,2,3,…,9]` of about as many bytes.
    private func digits(_ bytes: Int) -> String {
        "[" + String(repeating: "1,2,3,4,5,6,7,8,9,", count: bytes / 18).dropLast() + "]"
    }

    /// The most memory that a process took which read this one document alone.
    private func peak(_ content: Data, _ format: DocumentFormat) throws -> (bytes: Int, text: String) {
        let program = try #require(ReaderProgram.find())
        let process = try ReaderProcess(program, .init(bytesMax: 1 << 30))
        let head = try #require(ReaderProtocol.head(format, charset: "utf-8"))
        let text = try process.read(content, head).text
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        let kilobytes = try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
        return (kilobytes << 10, text)
    }
}

/// The process of a reader, read from as its answer is wanted.
private final class RawReader {
    private var process = lp_process()

    init() throws {
        let program = try #require(ReaderProgram.find())
        process = SpawnThread.shared.run {
            let words = [program, "\(1 << 30)", "\(96 << 20)"]
            var arguments: [UnsafePointer<CChar>?] = words.map { UnsafePointer(strdup($0)) } + [nil]
            defer { for argument in arguments { free(UnsafeMutablePointer(mutating: argument)) } }
            var process = lp_process()
            _ = lp_open(&arguments, lp_limits(seconds: 60, memory_bytes: 2 << 30, output_bytes: 0), &process)
            return process
        }
        try #require(process.pid > 0)
    }

    deinit { lp_close(&process) }

    func send(_ request: [UInt8]) throws {
        let bytes = withUnsafeBytes(of: UInt64(request.count)) { Array($0) } + request
        try #require(Glibc.send(process.socket, bytes, bytes.count, 0) == bytes.count)
    }

    func receive(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try #require(recv(process.socket, &bytes, count, Int32(MSG_WAITALL)) == count)
        return bytes
    }

    func residentBytes() throws -> Int {
        let statistics = try String(contentsOfFile: "/proc/\(process.pid)/statm", encoding: .utf8)
        let pages = try #require(statistics.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
