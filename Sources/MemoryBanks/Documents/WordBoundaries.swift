import Foundation
import Synchronization

/// Where words begin and end in scripts without spaces, by the dictionaries of ICU for Chinese, Japanese, Thai, Lao,
/// Burmese and Khmer.
///
/// The ICU is Foundation's own: it is in the process already, so it costs no library and no start. Its functions are
/// looked up at the first text that needs them. Without them nothing is found here, and such texts are indexed by
/// pairs of signs alone.
enum WordBoundaries {
    private typealias Open =
        @convention(c) (
            _ type: Int32, _ locale: UnsafePointer<CChar>?, _ text: UnsafePointer<UInt16>?, _ length: Int32,
            _ status: UnsafeMutablePointer<Int32>
        ) -> OpaquePointer?
    private typealias SetText =
        @convention(c) (
            OpaquePointer, _ text: UnsafePointer<UInt16>?, _ length: Int32, _ status: UnsafeMutablePointer<Int32>
        ) -> Void
    private typealias Next = @convention(c) (OpaquePointer) -> Int32

    private struct Functions: @unchecked Sendable {
        // Unchecked: addresses of code.
        var open: Open
        var setText: SetText
        var next: Next
    }

    private struct Iterator: @unchecked Sendable {
        // Unchecked: it is used by one thread at a time, which took it from the pool.
        var pointer: OpaquePointer
    }

    private static let functions: Functions? = {
        guard let library = dlopen("lib_FoundationICU.so", RTLD_LAZY | RTLD_NOLOAD),
            let open = dlsym(library, "swift_ubrk_open"), let setText = dlsym(library, "swift_ubrk_setText"),
            let next = dlsym(library, "swift_ubrk_next")
        else { return nil }
        return Functions(
            open: unsafeBitCast(open, to: Open.self), setText: unsafeBitCast(setText, to: SetText.self),
            next: unsafeBitCast(next, to: Next.self))
    }()
    /// Iterators that are not in use; at most as many as there were threads that used one at the same time.
    private static let pool = Mutex<[Iterator]>([])

    /// The words of a run of letters, one after the other; none without ICU.
    static func pieces(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        guard let functions, let iterator = pool.withLock({ $0.popLast() }) ?? make(functions) else { return [] }
        defer { pool.withLock { $0.append(iterator) } }
        var units: [UInt16] = []
        for scalar in scalars { units += UTF16.encode(scalar).map(Array.init) ?? [] }
        return units.withUnsafeBufferPointer { units in
            var status: Int32 = 0
            functions.setText(iterator.pointer, units.baseAddress, Int32(clamping: units.count), &status)
            guard status <= 0 else { return [] }
            var pieces: [Range<Int>] = []
            var (start, index, unit) = (0, 0, 0)
            while case let end = functions.next(iterator.pointer), end >= 0 {
                while unit < end, index < scalars.count {
                    unit += UTF16.width(scalars[index])
                    index += 1
                }
                if index > start { pieces.append(start..<index) }
                start = index
            }
            return pieces
        }
    }

    private static func make(_ functions: Functions) -> Iterator? {
        let words: Int32 = 1
        var status: Int32 = 0
        let pointer = functions.open(words, "", nil, 0, &status)
        return status <= 0 ? pointer.map(Iterator.init) : nil
    }
}
