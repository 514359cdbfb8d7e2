import Foundation
import ProviderKit
import Testing

@testable import ToolsPython

/// Results as a model reads them, and the files that a user gets.
struct ResultTests {
    private static func result(_ code: String, _ settings: JSONObject = [:]) async throws -> ToolResult {
        let cage = try Cages.make(settings)
        return try await cage.run(code).result(cage.limits)
    }

    private static let png = """
        import struct, zlib
        def png(name, side=2):
            def part(kind, data):
                return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            rows = zlib.compress(b"".join(b"\\0" + bytes(side) for _ in range(side)), 0)
            with open(name, "wb") as file:
                file.write(b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
                           + part(b"IDAT", rows) + part(b"IEND", b""))

        """

    @Test func `each way to end has its words`() async throws {
        let failed = try await Self.result("import json\nprint('before')\njson.loads('{')")
        #expect(failed.isError)
        let text = try #require(failed.content.json.stringValue)
        #expect(text.hasPrefix("failed\n[stdout]\nbefore\n[/stdout]\n[stderr]\nTraceback (most recent call last):\n"))
        #expect(text.contains("  File \"<code>\", line 3, in <module>\n    json.loads('{')\n"))
        #expect(text.contains("  File \"json/decoder.py\", line "))
        #expect(!text.contains("/usr") && text.hasSuffix("(char 1)\n[/stderr]"), "\(text)")
        let silent = try await Self.result("x = 1")
        #expect(silent == ToolResult(content: "completed"))
        let late = try await Self.result("while True: pass", ["seconds_max": 1])
        #expect(
            late
                == ToolResult(
                    content: "timeout\nthe program was ended: it took more than 1 s (seconds_max)", isError: true)
        )
        let wrong = try await Self.result("print('a'\n")
        #expect(
            wrong.content == """
                failed
                [stderr]
                  File "<code>", line 1
                    print('a'
                         ^
                SyntaxError: '(' was never closed
                [/stderr]
                """)
    }

    @Test func `PNG files are the result's files, and nothing else that is called so`() async throws {
        let code =
            Self.png + """
                import os
                png("b.png")
                os.mkdir("folder")
                png("folder/a.PNG")
                open("text.png", "w").write("no picture")
                os.symlink("/etc/passwd", "link.png")
                os.mkfifo("pipe.png")
                os.mkdir("folder.png")
                """
        let result = try await Self.result(code)
        #expect(result.content == "completed\n[files] b.png, a.PNG", "\(result.content)")
        #expect(result.files.map(\.name) == ["b.png", "a.PNG"])
        #expect(result.files.allSatisfy { $0.attachment.mimeType == "image/png" })
        #expect(result.files[0].attachment.url.string.hasPrefix("data:image/png;base64,iVBORw0KGgo"))
    }

    @Test func `files above the limits are counted and left out`() async throws {
        let code = Self.png + "for number in range(5): png(f'{number}.png')\npng('large.png', 100)"
        let result = try await Self.result(code, ["files_max": 3, "files_bytes_max": 5_000])
        #expect(
            result.content == """
                completed
                [files] 0.png, 1.png, 2.png
                3 PNG files are left out: a result has 3 (files_max) of 5000 bytes together (files_bytes_max)
                """, "\(result.content)")
    }

    private static let hasMatplotlib = FileManager.default.fileExists(
        atPath: "/usr/lib/python3/dist-packages/matplotlib/__init__.py")

    @Test(.enabled(if: hasMatplotlib, "python3-matplotlib is not installed"))
    func `figures that are shown, left open or saved become files once`() async throws {
        let cage = try Cages.make()
        await cage.makeFontList()
        #expect(cage.fonts.file != nil)
        let plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
        for (end, names) in [
            ("plt.show()\nplt.plot([3, 4])\nplt.show()", ["figure-1.png", "figure-2.png"]),
            ("plt.figure()\nplt.plot([1])", ["figure-1.png", "figure-2.png"]),
            ("plt.savefig('plot.png')", ["plot.png"]),
        ] {
            let result = try await cage.run(plot + end).result(cage.limits)
            #expect(result.files.map(\.name) == names, "\(result.content)")
            #expect(result.content.json.stringValue?.contains("[stderr]") == false)
        }
    }

    @Test func `a report that the code has written itself is read with care`() {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let good = CageReport(Array("ready\nfile 8 ../../a/b.png\n".utf8) + png + Array("end 0\n".utf8))
        #expect(good.isReady && good.status == 0 && good.files == [.init(name: "b.png", bytes: png)])
        for text in [
            "file 9 a.png\n", "file -1 a.png\n", "file 99999999999999999999 a.png\n", "file\n", "end x\n", "\n",
        ] {
            let report = CageReport(Array("ready\n\(text)".utf8) + png)
            #expect(report.files.isEmpty && report.status == nil, "\(text)")
        }
    }

    @Test func `calls beyond those at once wait for their turn, and one that is cancelled does not`() async throws {
        let turns = Turns(atOnce: 1)
        let (first, release) = AsyncStream<Void>.makeStream()
        let holder = Task { try await turns.run { for await _ in first { return } } }
        try await Task.sleep(for: .milliseconds(20))
        let waiting = Task { try await turns.run { 1 } }
        let cancelled = Task { try await turns.run { 2 } }
        try await Task.sleep(for: .milliseconds(20))
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        release.yield()
        try await holder.value
        #expect(try await waiting.value == 1)
        #expect(try await turns.run { 3 } == 3)
    }
}
