import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A buffer that grows when asked for more than it has, and keeps its size otherwise. Its contents are lost when it
/// grows. Not shared between threads while it grows.
///
/// Not in `Parallel`: from another module each look at `base` would be checked for a `reserve` at the same time, 2 to 4
/// % of a token's time.
final class ScratchBuffer<Element: BitwiseCopyable> {
    private(set) var base: UnsafeMutablePointer<Element>
    private var capacity: Int

    init() {
        base = .allocate(capacity: 1)
        capacity = 1
    }

    deinit {
        free(base)
    }

    /// - Throws: `OutOfMemoryError`; the buffer is then unchanged.
    func reserve(_ count: Int) throws(OutOfMemoryError) {
        guard count > capacity else { return }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, let memory = allocateAligned(bytes: bytes) else {
            throw OutOfMemoryError(bytes: overflow ? .max : bytes)
        }
        free(base)
        base = memory.bindMemory(to: Element.self, capacity: count)
        capacity = count
    }
}
