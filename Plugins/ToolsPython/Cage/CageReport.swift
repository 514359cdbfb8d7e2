import Foundation

/// The report of the driver in a cage. The code that it ran may have written it: every length is checked, and a file is
/// what its first bytes say.
struct CageReport {
    /// The driver has come to the code.
    private(set) var isReady = false
    /// The exit code; nil when it did not come to the end.
    private(set) var status: Int?
    private(set) var files: [CageOutcome.File] = []
    private(set) var filesLeftOut = 0

    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ", maxSplits: 2)
            rest = rest[(end + 1)...]
            switch (words.first, words.count) {
            case ("ready", 1): isReady = true
            case ("left_out", 2): filesLeftOut += max(0, Int(words[1]) ?? 0)
            case ("end", 2): status = Int(words[1])
            case ("file", 3):
                guard let size = Int(words[1]), size >= 0, size <= rest.count else { return }
                let content = Array(rest.prefix(size))
                rest = rest.dropFirst(size)
                if content.starts(with: Self.png) {
                    files.append(CageOutcome.File(name: Self.plain(words[2]), bytes: content))
                }
            default: return
            }
        }
    }

    /// Whether the driver has come to the end. Costs nothing while it has not.
    static func isWhole(_ bytes: [UInt8]) -> Bool {
        guard bytes.last == UInt8(ascii: "\n"), bytes.suffix(12).contains(UInt8(ascii: "e")) else { return false }
        return CageReport(bytes).status != nil
    }

    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private static func plain(_ name: Substring) -> String {
        let name = name.split(separator: "/").last ?? "file.png"
        return String(name.prefix(100).filter { $0.isLetter || $0.isNumber || " ._-()".contains($0) })
    }
}
