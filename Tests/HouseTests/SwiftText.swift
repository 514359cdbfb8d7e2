/// What Swift code names, without its comments and the text of its strings.
struct SwiftText {
    /// Types and functions declared at the top level.
    private(set) var declared: Set<String> = []
    /// Every identifier. A function's counts where it is called.
    private(set) var used: Set<String> = []

    init(_ file: SourceFile) {
        let code = Self.code(Array(file.text.utf8))
        var words: [(text: String, isCalled: Bool)] = []
        var depth = 0
        var last: (text: String, depth: Int)?
        var start: Int?
        for (index, byte) in (code + [0]).enumerated() {
            if Self.isWord(byte) {
                start = start ?? index
                continue
            }
            if let from = start {
                let text = String(decoding: code[from..<index], as: UTF8.self)
                words.append((text, byte == UInt8(ascii: "(") || byte == UInt8(ascii: "<")))
                if let keyword = last, keyword.depth == 0, Self.keywords.contains(keyword.text) {
                    declared.insert(text)
                }
                last = (text, depth)
                start = nil
            }
            if byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "}") { depth -= 1 }
        }
        used = Set(words.filter { $0.isCalled || $0.text.first?.isUppercase == true }.map(\.text))
    }

    private static let keywords: Set = ["struct", "class", "enum", "protocol", "actor", "typealias", "func"]

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 128...:
            true
        default: false
        }
    }

    /// Comments and strings become spaces. What is interpolated into a string goes with it.
    private static func code(_ bytes: [UInt8]) -> [UInt8] {
        let (slash, star, quote) = (UInt8(ascii: "/"), UInt8(ascii: "*"), UInt8(ascii: "\""))
        var code: [UInt8] = []
        var index = 0
        func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        while index < bytes.count {
            if at(0) == slash, at(1) == slash {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            } else if at(0) == slash, at(1) == star {
                while index < bytes.count, !(at(0) == star && at(1) == slash) { index += 1 }
                index += 2
            } else if at(0) == quote {
                let isBlock = at(1) == quote && at(2) == quote
                index += isBlock ? 3 : 1
                while index < bytes.count, at(0) != quote || (isBlock && !(at(1) == quote && at(2) == quote)) {
                    if !isBlock, at(0) == UInt8(ascii: "\n") { break }
                    index += at(0) == UInt8(ascii: "\\") ? 2 : 1
                }
                index += isBlock ? 3 : 1
                code.append(UInt8(ascii: " "))
            } else {
                code.append(bytes[index])
                index += 1
            }
        }
        return code
    }
}
