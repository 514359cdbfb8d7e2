import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Floats that a trainer owns, on a boundary of 64 bytes, in large pages. Not cleared.
final class FloatBuffer {
    private(set) var base: UnsafeMutablePointer<Float>
    private(set) var count: Int

    init(_ count: Int) throws(TrainingError) {
        base = try Self.allocate(count)
        self.count = count
    }

    deinit {
        free(base)
    }

    /// Makes room for `count` floats; what it holds is lost when it grows.
    func reserve(_ count: Int) throws(TrainingError) {
        guard count > self.count else { return }
        // First the old memory goes: the two together may be more than there is.
        free(base)
        (base, self.count) = (try Self.allocate(1), 1)
        let grown = try Self.allocate(count)
        free(base)
        (base, self.count) = (grown, count)
    }

    func clear() { base.update(repeating: 0, count: count) }

    private static func allocate(_ count: Int) throws(TrainingError) -> UnsafeMutablePointer<Float> {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard !overflow, let memory = allocateLarge(bytes: bytes) else {
            throw TrainingError.outOfMemory(bytes: overflow ? .max : bytes)
        }
        return memory.bindMemory(to: Float.self, capacity: count)
    }
}
