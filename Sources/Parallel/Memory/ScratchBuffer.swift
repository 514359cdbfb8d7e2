#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A buffer that grows when asked for more than it has, and keeps its size otherwise. Its contents are lost when it grows.
/// Not shared between threads while it grows.
package final class ScratchBuffer<Element: BitwiseCopyable> {
    package private(set) var base: UnsafeMutablePointer<Element>
    private var capacity: Int

    package init() {
        base = .allocate(capacity: 1)
        capacity = 1
    }

    deinit {
        free(base)
    }

    /// - Throws: `OutOfMemoryError`; the buffer is then unchanged.
    package func reserve(_ count: Int) throws(OutOfMemoryError) {
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
