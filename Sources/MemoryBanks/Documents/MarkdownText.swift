/// The text of a Markdown document: headings, lists, links and emphasis without their marks, code as it is.
///
/// Line by line and linear. What only looks like markup loses a sign or two, which no search will miss.
enum MarkdownText {
    static func read(_ document: String) -> String {
        var lines: [String] = []
        var fence: Character?
        for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.last == "\r" ? line.dropLast() : line
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            if let mark = fenceMark(trimmed), fence == nil || fence == mark {
                fence = fence == nil ? mark : nil
                continue
            }
            if fence != nil {
                lines.append(String(line))
            } else if !isRule(trimmed) {
                lines.append(HTMLFree.read(inline(withoutPrefix(trimmed))))
            } else {
                lines.append("")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func fenceMark(_ line: Substring) -> Character? {
        line.hasPrefix("```") ? "`" : line.hasPrefix("~~~") ? "~" : nil
    }

    /// `---`, `===`, `***`, and the line under a table's head.
    private static func isRule(_ line: Substring) -> Bool {
        line.count { $0 == "-" || $0 == "=" || $0 == "*" || $0 == "_" } >= 3
            && line.allSatisfy { "-=*_ |:".contains($0) }
    }

    /// Without `#`, `>`, `-`, `1.` at its start.
    private static func withoutPrefix(_ line: Substring) -> Substring {
        var line = line
        while line.hasPrefix(">") { line = line.dropFirst().drop { $0 == " " } }
        let hashes = line.prefix { $0 == "#" }
        if !hashes.isEmpty, hashes.count <= 6, line.dropFirst(hashes.count).first == " " {
            return line.dropFirst(hashes.count + 1)
        }
        for mark in ["- [ ] ", "- [x] ", "- ", "* ", "+ "] where line.hasPrefix(mark) {
            return line.dropFirst(mark.count)
        }
        return line
    }

    /// `[text](url)` and `![text](url)` become the text; `*`, `_` around words, `` ` `` and `~~` go.
    private static func inline(_ line: Substring) -> [UInt8] {
        let bytes = Array(line.utf8)
        var text: [UInt8] = []
        var index = 0
        // Where the last `)` was found: a line of many `](` without one is searched once.
        var closing = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0x20
            switch byte {
            case UInt8(ascii: "\\") where isPunctuation(next):
                text.append(next)
                index += 1
            case UInt8(ascii: "*"), UInt8(ascii: "`"): break
            case UInt8(ascii: "!") where next == UInt8(ascii: "["): break
            case UInt8(ascii: "["): break
            case UInt8(ascii: "_"):
                if isInsideWord(text.last, next) { text.append(byte) }
            case UInt8(ascii: "~") where next == byte: index += 1
            case UInt8(ascii: "|"): text.append(0x20)
            case UInt8(ascii: "]"):
                guard next == UInt8(ascii: "(") else { break }
                if closing < index { closing = bytes[index...].firstIndex(of: UInt8(ascii: ")")) ?? bytes.count }
                if closing < bytes.count { index = closing }
            default: text.append(byte)
            }
            index += 1
        }
        return text
    }

    private static func isInsideWord(_ before: UInt8?, _ after: UInt8) -> Bool {
        guard let before else { return false }
        return isWord(before) && isWord(after)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: false
        }
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !isWord(byte)
    }
}

/// A line without tags; references stay as they are.
private enum HTMLFree {
    static func read(_ line: [UInt8]) -> String {
        var text: [UInt8] = []
        var index = 0
        // Once there is no `>` any more, there is none later: that keeps a line of many `<` linear.
        var hasEnd = true
        while index < line.count {
            let next = index + 1 < line.count ? line[index + 1] : 0x20
            let opens = next == UInt8(ascii: "/") || next == UInt8(ascii: "!") || (0x61...0x7A).contains(next | 0x20)
            if line[index] == UInt8(ascii: "<"), opens, hasEnd {
                if let end = line[index...].firstIndex(of: UInt8(ascii: ">")) {
                    index = end + 1
                    continue
                }
                hasEnd = false
            }
            text.append(line[index])
            index += 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}
