import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How keys and values are kept, and where in a page they lie.
///
/// A page holds `positions` positions of every layer: for each layer the keys, [keyValueHeads, positions / 16,
/// headDimension, 16], then the values, [keyValueHeads, positions, headDimension]. One head's run of positions is
/// contiguous, and sixteen keys lie side by side, so that their scores are computed at once.
struct KVLayout: Sendable, Equatable {
    enum Element: Sendable {
        case f16, f32

        var bytes: Int { self == .f16 ? 2 : 4 }
        var type: lk_type { self == .f16 ? LK_F16 : LK_F32 }
    }

    static let positions = 128

    let element: Element
    let layers: Int
    let heads: Int
    let headDimension: Int

    init(_ configuration: ModelConfiguration, element: Element) {
        self.element = element
        layers = configuration.layers
        heads = configuration.keyValueHeads
        headDimension = configuration.headDimension
    }

    /// Elements of one head's keys, or values, in a page.
    private var run: Int { Self.positions * headDimension }

    /// At most 2 * 1024 * 2^12 * 128 * 2^12 * 4 bytes = 2^54: no overflow.
    var pageBytes: Int { 2 * layers * heads * run * element.bytes }

    /// Offset in bytes of the keys of `head` in `layer`.
    func keys(layer: Int, head: Int) -> Int {
        (2 * layer * heads + head) * run * element.bytes
    }

    /// Offset in bytes of the value of `head` in `layer` at the page's position `position`.
    func value(layer: Int, head: Int, position: Int) -> Int {
        (((2 * layer + 1) * heads + head) * run + position * headDimension) * element.bytes
    }
}

/// Memory for `KVLayout.positions` positions. A page that is full is never written again, so that sequences with a common
/// prefix can come to share it.
final class KVPage {
    let memory: UnsafeMutableRawPointer

    fileprivate init(memory: UnsafeMutableRawPointer) {
        self.memory = memory
    }

    deinit {
        free(memory)
    }
}

/// Makes pages on demand, up to a limit, and keeps those given back. One thread at a time.
final class KVPagePool {
    let layout: KVLayout
    let pagesMax: Int
    private var free: [KVPage] = []
    private(set) var pagesInUse = 0

    /// Spare pages kept for the next sequence; more go back to the system.
    private static let sparePagesMax = 16

    init(layout: KVLayout, pagesMax: Int) {
        self.layout = layout
        self.pagesMax = pagesMax
    }

    /// - Throws: `GenerationError.outOfMemory` when the limit is reached or the system has no more.
    func take() throws(GenerationError) -> KVPage {
        guard pagesInUse < pagesMax else { throw .outOfMemory(bytes: layout.pageBytes) }
        if let page = free.popLast() {
            pagesInUse += 1
            return page
        }
        guard let memory = allocateLarge(bytes: layout.pageBytes) else {
            throw .outOfMemory(bytes: layout.pageBytes)
        }
        pagesInUse += 1
        return KVPage(memory: memory)
    }

    func giveBack(_ pages: [KVPage]) {
        pagesInUse -= pages.count
        free.append(contentsOf: pages.prefix(max(0, Self.sparePagesMax - free.count)))
    }
}

/// The keys and values of one sequence. One thread at a time.
final class KVCache {
    private let pool: KVPagePool
    private var pages: [KVPage] = []
    /// Positions written by finished passes.
    private(set) var count = 0

    var layout: KVLayout { pool.layout }

    init(pool: KVPagePool) {
        self.pool = pool
    }

    deinit {
        pool.giveBack(pages)
    }

    /// Makes room for `additional` positions after `count`.
    func reserve(_ additional: Int) throws(GenerationError) {
        while pages.count * KVLayout.positions < count + additional {
            pages.append(try pool.take())
        }
    }

    func advance(by written: Int) {
        count += written
        precondition(count <= pages.count * KVLayout.positions, "positions are reserved before they are written")
    }

    /// Forgets all but the first `kept` positions.
    func truncate(to kept: Int) {
        count = min(count, max(0, kept))
        let needed = (count + KVLayout.positions - 1) / KVLayout.positions
        pool.giveBack(Array(pages[needed...]))
        pages.removeSubrange(needed...)
    }

    /// The page of `position`, which must be reserved.
    func memory(of position: Int) -> UnsafeMutableRawPointer {
        pages[position / KVLayout.positions].memory
    }
}
