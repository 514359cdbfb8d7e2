import Testing

@testable import PostTrainingCPU

struct LogLineTests {
    @Test("control characters are written as escapes, so that a line stays a line")
    func controls() {
        #expect(LogLine.escaped("a\r\nb\u{1B}[31m\u{0}é\u{2028}") == #"a\u000D\u000Ab\u001B[31m\u0000é\u2028"#)
    }

    @Test("a line is cut to 8 KiB, at a character")
    func long() {
        let line = LogLine.escaped(String(repeating: "é", count: 1 << 20))
        #expect(line.utf8.count <= LogLine.bytesMax)
        #expect(line.utf8.count > LogLine.bytesMax - 8)
        #expect(line.hasSuffix("é …"))
    }
}
