#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory for `KVLayout.positions` positions. A position that is written is never written again while somebody else may
/// read it: that is what sharing rests on.
final class KVPage {
    let memory: UnsafeMutableRawPointer
    /// Sequences that hold the page.
    var users = 0
    /// Where the tree of prefixes knows it; nil where it does not.
    var node: PrefixNode?
    private let bytes: Int

    /// - Returns: nil when the system has no more memory.
    init?(bytes: Int) {
        guard let memory = mapLarge(bytes: bytes) else { return nil }
        (self.memory, self.bytes) = (memory, bytes)
    }

    deinit {
        munmap(memory, bytes)
    }
}

/// Memory straight from the system, so that `munmap` gives it back at once, however the heap around it is used. In
/// large pages as far as they fit.
private func mapLarge(bytes: Int) -> UnsafeMutableRawPointer? {
    let largePage = 2 << 20
    let slack = bytes >= largePage ? largePage : 0
    let (total, overflow) = bytes.addingReportingOverflow(slack)
    guard !overflow, let base = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        base != UnsafeMutableRawPointer(bitPattern: -1)
    else { return nil }
    guard slack > 0 else { return base }
    let memory = base.alignedUp(toMultipleOf: largePage)
    let end = (memory + bytes).alignedUp(toMultipleOf: Int(sysconf(Int32(_SC_PAGESIZE))))
    if memory > base { munmap(base, memory - base) }
    if end < base + total { munmap(end, base + total - end) }
    #if os(Linux)
    madvise(memory, bytes / largePage * largePage, 14)  // MADV_HUGEPAGE
    #endif
    return memory
}
