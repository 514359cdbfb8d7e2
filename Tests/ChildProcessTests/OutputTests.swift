import Foundation
import Testing

@testable import ChildProcess

@Suite struct OutputLineTests {
    private func cut(_ parts: [String]) -> [String] { cutBytes(parts.map { Array($0.utf8) }) }

    private func cutBytes(_ parts: [[UInt8]]) -> [String] {
        var (cutter, lines) = (LineCutter(), [String]())
        for part in parts {
            part.withUnsafeBytes { bytes in cutter.feed(bytes) { lines.append(String(decoding: $0, as: UTF8.self)) } }
        }
        cutter.end { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test func `lines are cut at newlines, wherever the reads were`() {
        #expect(cut(["a\nb", "c\n", "\n", "d"]) == ["a", "bc", "", "d"])
        #expect(cut([]) == [])
        #expect(cut(["a\n"]) == ["a"])
        #expect(cut(["a\r\nb\r", "\nc\rd\r"]) == ["a", "b", "c\rd\r"])
    }

    @Test func `a line of 8 KiB is one, and what is beyond follows as further lines`() {
        let most = String(repeating: "x", count: LineCutter.bytesMax)
        #expect(cut([most + "\nnext"]) == [most, "next"])
        #expect(cut([most, "\n"]) == [most])
        #expect(cut([most + most, "yz\n"]) == [most, most, "yz"])
        #expect(cut([String(most.dropLast()), "12\n"]) == [most.dropLast() + "1", "2"])
    }

    @Test func `a long line is cut between characters`() {
        for offset in 0..<4 {
            let line = String(repeating: "x", count: offset) + String(repeating: "\u{1F999}", count: 5_000)
            let lines = cut([line])
            #expect(lines.joined() == line)
            #expect(lines.allSatisfy { $0.utf8.count <= LineCutter.bytesMax })
        }
        // Bytes that are no characters are cut where they must be.
        #expect(cutBytes([[UInt8](repeating: 0x80, count: LineCutter.bytesMax + 5)]).count == 2)
    }

    @Test func `damaged UTF-8 is repaired`() {
        #expect(cutBytes([[0x61, 0xFF, 0x62, 0x0A, 0xC3]]) == ["a\u{FFFD}b", "\u{FFFD}"])
    }

    @Test func `lines beyond a thousand a second are counted, each stream its own, and said once`() {
        var budget = OutputBudget()
        let taken = (0..<OutputBudget.linesMax).map { _ in budget.takeLine(.standardOutput) }
        let refused = [OutputLine.Stream.standardError, .standardOutput, .standardOutput].map { budget.takeLine($0) }
        #expect(taken.allSatisfy { $0 } && !refused.contains(true))
        let notices = budget.nextSecond()
        #expect(
            notices == [
                OutputLine(
                    stream: .standardError, text: "1 line was dropped: more than 1000 in a second", isNotice: true),
                OutputLine(
                    stream: .standardOutput, text: "2 lines were dropped: more than 1000 in a second", isNotice: true),
            ])
        let (isTaken, later) = (budget.takeLine(.standardOutput), budget.nextSecond())
        #expect(isTaken && later == [])
    }

    @Test func `the last words are the newest lines in their order`() {
        var words = LastWords()
        #expect(words.lines == [])
        for number in 0..<120 { words.add(Array("\(number)".utf8)[...], .standardError) }
        #expect(words.lines.map(\.text) == (70..<120).map { "\($0)" })
    }

    @Test func `bytes beyond 32 MiB a second wait for the next`() {
        var budget = OutputBudget()
        let first = [OutputBudget.bytesMax - 1, 1].map { budget.takeBytes($0) }
        _ = budget.nextSecond()
        let second = budget.takeBytes(1)
        #expect(first == [true, false] && second)
    }
}

extension Children {
    @Suite struct OutputTests {
        private func lines(_ script: String) async throws -> [OutputLine] {
            let lines = Lines()
            let child = try ChildProcess.start(
                ChildProcess.Options(executable: "/bin/sh", arguments: ["-c", script], onLine: { lines.add($0) }))
            _ = await child.exit()
            return lines.all
        }

        @Test func `both streams come as lines of their own, the last without a newline too`() async throws {
            let lines = try await lines(#"printf 'one\ntwo'; printf 'bad \377\n' >&2"#)
            #expect(lines.filter { $0.stream == .standardOutput }.map(\.text) == ["one", "two"])
            #expect(lines.filter { $0.stream == .standardError }.map(\.text) == ["bad \u{FFFD}"])
        }

        @Test func `of a flood each line is passed on or counted, and the last is not lost`() async throws {
            let running = try Running("lines", "300000")
            _ = await running.process.exit()
            let lines = running.linesNow
            let own = lines.filter { !$0.isNotice }.compactMap { Int($0.text) }
            let dropped = lines.filter(\.isNotice).compactMap {
                $0.text.split(separator: " ").first.flatMap { Int($0) }
            }
            #expect(!dropped.isEmpty)
            #expect(own.count + dropped.reduce(0, +) == 300_000)
            #expect(own == own.sorted())
            #expect(own.last == 299_999)
        }

        @Test func `a child that closes its output goes on`() async throws {
            let lines = Lines()
            let child = try ChildProcess.start(
                ChildProcess.Options(
                    executable: "/bin/sh", arguments: ["-c", "echo a; exec >&- 2>&-; kill -TERM $$"],
                    onLine: { lines.add($0) }))
            #expect(await child.exit().status == .signalled(SIGTERM, coreDumped: false))
            #expect(lines.all.map(\.text) == ["a"])
        }
    }
}
