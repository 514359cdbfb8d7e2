import Foundation

/// A look at a library's bytes before the dynamic linker gets to see them: `dlopen` of a cut-off file can end the
/// process with SIGBUS.
enum PluginFile {
    /// More headers than this is damage.
    static let headersMax = 4096

    /// Blocks on the disk. Throws when the file is no shared library for this machine, or ends too early.
    static func check(_ path: String) throws(PluginRefusal) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw PluginRefusal("library_unreadable", "\(path): \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw PluginRefusal("library_unreadable", "\(path): is not a regular file")
        }
        let size = UInt64(max(0, status.st_size))
        let handle = open(path, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else {
            throw PluginRefusal("library_unreadable", "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(handle) }
        let head = read(handle, at: 0, count: 64)
        guard head.prefix(4) == [0x7f, 0x45, 0x4c, 0x46] else {
            throw PluginRefusal("not_a_library", "\(path): is not a shared library (no ELF header)")
        }
        guard head.count == 64 else { throw truncated(path, size, "its ELF header") }
        guard head[4] == 2, head[5] == 1 else {
            throw PluginRefusal("wrong_architecture", "\(path): is not a 64-bit little-endian library")
        }
        let machine = Int(number(head, 18, 2))
        guard machine == ownMachine.number else {
            throw PluginRefusal(
                "wrong_architecture",
                "\(path): was built for \(machineName(machine)); this machine is \(ownMachine.name)")
        }
        guard number(head, 16, 2) == 3 else {
            throw PluginRefusal("not_a_library", "\(path): is an ELF file but not a shared library")
        }
        try checkSegments(path, handle, head, size)
        try checkSections(path, handle, head, size)
    }

    /// Every byte that the linker will map must be there.
    private static func checkSegments(
        _ path: String, _ handle: Int32, _ head: [UInt8], _ size: UInt64
    ) throws(PluginRefusal) {
        let offset = number(head, 32, 8), entry = number(head, 54, 2), count = number(head, 56, 2)
        guard entry >= 56, count > 0, count <= UInt64(headersMax) else {
            throw PluginRefusal("not_a_library", "\(path): its program headers are damaged")
        }
        guard fits(offset, entry * count, size) else { throw truncated(path, size, "its program headers") }
        let table = read(handle, at: offset, count: Int(entry * count))
        guard table.count == Int(entry * count) else { throw truncated(path, size, "its program headers") }
        for index in 0..<Int(count) {
            let base = index * Int(entry)
            guard fits(number(table, base + 8, 8), number(table, base + 32, 8), size) else {
                throw truncated(path, size, "segment \(index)")
            }
        }
    }

    /// The dynamic linker does not need the sections, but one of them, or their headers, comes last: if it is missing,
    /// the file was cut.
    private static func checkSections(
        _ path: String, _ handle: Int32, _ head: [UInt8], _ size: UInt64
    ) throws(PluginRefusal) {
        let offset = number(head, 40, 8), entry = number(head, 58, 2), count = number(head, 60, 2)
        guard offset != 0 else { return }
        guard fits(offset, entry * count, size) else { throw truncated(path, size, "its section headers") }
        guard entry >= 64, count <= UInt64(headersMax) else { return }
        let table = read(handle, at: offset, count: Int(entry * count))
        guard table.count == Int(entry * count) else { throw truncated(path, size, "its section headers") }
        for index in 0..<Int(count) {
            let base = index * Int(entry)
            // One without bytes in the file, such as .bss, may say any place.
            guard number(table, base + 4, 4) != Self.sectionWithoutBytes else { continue }
            guard fits(number(table, base + 24, 8), number(table, base + 32, 8), size) else {
                throw truncated(path, size, "section \(index)")
            }
        }
    }

    /// SHT_NOBITS.
    private static let sectionWithoutBytes: UInt64 = 8

    private static func fits(_ offset: UInt64, _ count: UInt64, _ size: UInt64) -> Bool {
        let (end, overflow) = offset.addingReportingOverflow(count)
        return !overflow && end <= size
    }

    private static func truncated(_ path: String, _ size: UInt64, _ what: String) -> PluginRefusal {
        PluginRefusal(
            "library_truncated", "\(path): is truncated: \(what) lies beyond its \(size) bytes",
            hint: "build or copy it again")
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
        guard offset + width <= bytes.count else { return 0 }
        return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func read(_ handle: Int32, at offset: UInt64, count: Int) -> [UInt8] {
        guard let offset = Int(exactly: offset) else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(handle, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
            }
            guard got > 0 else { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }

    #if arch(x86_64)
    static let ownMachine = (number: 62, name: "x86-64")
    #elseif arch(arm64)
    static let ownMachine = (number: 183, name: "AArch64")
    #else
    #error("add this machine's ELF number")
    #endif

    private static func machineName(_ number: Int) -> String {
        switch number {
        case 3: "x86 (32 bit)"
        case 21: "PowerPC 64"
        case 22: "S/390"
        case 40: "ARM (32 bit)"
        case 62: "x86-64"
        case 183: "AArch64"
        case 243: "RISC-V"
        default: "machine \(number)"
        }
    }
}
