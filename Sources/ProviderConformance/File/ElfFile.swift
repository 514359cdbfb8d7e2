import Foundation

/// The dynamic section of a shared library's file. Safe on hostile files: an offset beyond the file's end reads as
/// nothing.
struct ElfFile: Sendable {
    struct Symbol: Sendable {
        var name: String
        /// STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE.
        var binding: UInt8
        var isDefined: Bool
        var isHidden: Bool
    }

    static let globalBinding: UInt8 = 1, weakBinding: UInt8 = 2, uniqueBinding: UInt8 = 10

    private struct Segment {
        var type: UInt64
        var flags: UInt64
        var offset: Int
        var address: UInt64
        var size: Int
    }

    private let bytes: Data
    private var segments: [Segment] = []
    private(set) var needed: [String] = []
    private(set) var soname: String?
    private(set) var runPaths: [String] = []
    private(set) var hasTextRelocations = false
    /// By -Bsymbolic: its own definitions come first for its own uses.
    private(set) var bindsItselfFirst = false
    private(set) var symbols: [Symbol] = []

    /// nil when the file can't be read or is no 64-bit little-endian ELF file.
    init?(_ path: String) {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe), data.count >= 64,
            data.prefix(6) == Data([0x7f, 0x45, 0x4c, 0x46, 2, 1])
        else { return nil }
        bytes = data
        readSegments()
        readDynamic()
    }

    /// Whether the loader must make every stack of the process executable.
    var needsExecutableStack: Bool {
        // PT_GNU_STACK; without it the old default holds, which is executable.
        guard let stack = segments.first(where: { $0.type == 0x6474_e551 }) else { return true }
        return stack.flags & 1 != 0
    }

    private mutating func readSegments() {
        guard let offset = Int(exactly: number(32, 8)), offset < bytes.count else { return }
        let size = Int(number(54, 2))
        for index in 0..<Int(min(number(56, 2), 4096)) {
            let base = offset + index * size
            segments.append(
                Segment(
                    type: number(base, 4), flags: number(base + 4, 4), offset: Int(clamping: number(base + 8, 8)),
                    address: number(base + 16, 8), size: Int(clamping: number(base + 32, 8))))
        }
    }

    private mutating func readDynamic() {
        guard let dynamic = segments.first(where: { $0.type == 2 }) else { return }
        var entries: [UInt64: UInt64] = [:]
        var neededAt: [UInt64] = []
        for index in 0..<min(dynamic.size / 16, 4096) {
            let tag = number(dynamic.offset + index * 16, 8), value = number(dynamic.offset + index * 16 + 8, 8)
            if tag == 0 { break }
            if tag == 1 { neededAt.append(value) }
            entries[tag] = value
        }
        guard let strings = entries[5].flatMap(offset(of:)) else { return }
        needed = neededAt.map { text(strings, $0) }
        soname = entries[14].map { text(strings, $0) }
        runPaths = (entries[29] ?? entries[15]).map { text(strings, $0).split(separator: ":").map(String.init) } ?? []
        let flags = entries[30] ?? 0
        hasTextRelocations = entries[22] != nil || flags & 4 != 0
        bindsItselfFirst = entries[16] != nil || flags & 2 != 0
        readSymbols(entries, strings)
    }

    private mutating func readSymbols(_ entries: [UInt64: UInt64], _ strings: Int) {
        guard let table = entries[6].flatMap(offset(of:)) else { return }
        for index in 1..<max(1, symbolCount(entries)) {
            let base = table + index * 24
            guard base + 24 <= bytes.count else { return }
            let info = UInt8(truncatingIfNeeded: number(base + 4, 1)), other = number(base + 5, 1)
            symbols.append(
                Symbol(
                    name: text(strings, number(base, 4)), binding: info >> 4, isDefined: number(base + 6, 2) != 0,
                    isHidden: other & 3 == 1 || other & 3 == 2))
        }
    }

    /// The table has no length of its own: the hash tables know.
    private func symbolCount(_ entries: [UInt64: UInt64]) -> Int {
        if let hash = entries[4].flatMap(offset(of:)) { return Int(min(number(hash + 4, 4), 10_000_000)) }
        guard let hash = entries[0x6fff_fef5].flatMap(offset(of:)) else { return 0 }
        let buckets = Int(number(hash, 4)), first = number(hash + 4, 4), bloom = Int(number(hash + 8, 4))
        let start = hash + 16 + bloom * 8
        guard buckets < 10_000_000, start < bytes.count else { return 0 }
        var last: UInt64 = 0
        for index in 0..<buckets { last = max(last, number(start + index * 4, 4)) }
        guard last >= first else { return Int(first) }
        let chains = start + buckets * 4
        while chains + Int(last - first) * 4 < bytes.count, number(chains + Int(last - first) * 4, 4) & 1 == 0 {
            last += 1
        }
        return Int(last) + 1
    }

    private func offset(of address: UInt64) -> Int? {
        for segment in segments where segment.type == 1 && address >= segment.address {
            let inside = address - segment.address
            if inside < UInt64(segment.size) { return segment.offset + Int(inside) }
        }
        return nil
    }

    private func number(_ offset: Int, _ width: Int) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - width else { return 0 }
        var value: UInt64 = 0
        for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[bytes.startIndex + offset + index]) }
        return value
    }

    private func text(_ strings: Int, _ offset: UInt64) -> String {
        guard let start = Int(exactly: offset).map({ strings + $0 }), start >= 0, start < bytes.count else { return "" }
        var end = start
        while end < bytes.count, end - start < 65536, bytes[bytes.startIndex + end] != 0 { end += 1 }
        return String(decoding: bytes[(bytes.startIndex + start)..<(bytes.startIndex + end)], as: UTF8.self)
    }
}
