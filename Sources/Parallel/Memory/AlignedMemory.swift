#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory on a boundary of 64 bytes, to be given back with `deallocate()`; nil when the system has no more. Untouched
/// pages of it cost nothing.
package func allocateAligned(bytes: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, max(64, bytes)) == 0 else { return nil }
    return memory
}

/// As `allocateAligned`, in large pages as far as they fit, for memory that is read from front to back in every pass.
package func allocateLarge(bytes: Int) -> UnsafeMutableRawPointer? {
    let largePage = 2 << 20
    guard bytes >= largePage else { return allocateAligned(bytes: bytes) }
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, largePage, bytes) == 0 else { return nil }
    #if os(Linux)
    madvise(memory, bytes / largePage * largePage, 14)  // MADV_HUGEPAGE
    #endif
    return memory
}
