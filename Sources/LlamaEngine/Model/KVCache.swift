import CKernels

/// How keys and values are kept, and where in a page they lie.
///
/// A page holds `positions` positions of every layer: for each layer the keys of each head, then the values of each head. A
/// head's run of positions is contiguous, and in the order in which `lk_attention` reads it: sixteen keys side by side, and
/// in bf16 pairs of dimensions of a key and pairs of values. Where a BLAS computes them, both are [positions, headDimension].
struct KVLayout: Sendable, Equatable {
    enum Element: Sendable {
        /// Only where the dimension of a head is even.
        case bf16
        case f32

        var bytes: Int { self == .bf16 ? 2 : 4 }
        var type: lk_type { self == .bf16 ? LK_BF16 : LK_F32 }
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

    /// Copies the first `count` positions of a page.
    func copy(_ count: Int, from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
        let keyBytes = (count + 15) / 16 * 16 * headDimension * element.bytes
        let valueBytes = (count + 1) / 2 * 2 * headDimension * element.bytes
        for layer in 0..<layers {
            for head in 0..<heads {
                let (keys, values) = (keys(layer: layer, head: head), values(layer: layer, head: head))
                (target + keys).copyMemory(from: source + keys, byteCount: keyBytes)
                (target + values).copyMemory(from: source + values, byteCount: valueBytes)
            }
        }
    }

    /// Offset in bytes of the values of `head` in `layer`.
    func values(layer: Int, head: Int) -> Int {
        ((2 * layer + 1) * heads + head) * run * element.bytes
    }
}

/// The keys and values of one sequence. One thread at a time.
final class KVCache {
    private let pool: KVPagePool
    private(set) var pages: [KVPage] = []
    /// Positions written by finished passes.
    private(set) var count = 0

    var layout: KVLayout { pool.layout }

    init(pool: KVPagePool) {
        self.pool = pool
    }

    deinit {
        truncate(to: 0)
    }

    /// Positions after `count` that are reserved.
    var room: Int { pages.count * KVLayout.positions - count }

    /// Makes room for `additional` positions after `count`.
    /// - Throws: `GenerationError.outOfMemory`; the pages that there were are then reserved all the same.
    func reserve(_ additional: Int) throws(GenerationError) {
        while room < additional {
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
        // The last first: of two pages that nobody uses, the pool lets go of the later.
        while pages.count > needed { pool.giveBack(pages.removeLast()) }
    }

    /// Shares a full page: takes it in the place of its own at `index`, or after its last.
    func adopt(_ page: KVPage, at index: Int) {
        pool.hold(page)
        if index < pages.count {
            pool.giveBack(pages[index])
            pages[index] = page
        } else {
            pages.append(page)
        }
        count = max(count, (index + 1) * KVLayout.positions)
    }

    /// Copies the first `positions` positions of a page into the one that `count` lies in, which has fewer. Does nothing
    /// when there is no memory.
    func copy(_ positions: Int, of page: KVPage) {
        let index = count / KVLayout.positions
        if index == pages.count {
            guard let page = try? pool.take() else { return }
            pages.append(page)
        }
        layout.copy(positions, from: page.memory, to: pages[index].memory)
        count = index * KVLayout.positions + positions
    }

    /// The page of `position`, which must be reserved.
    func memory(of position: Int) -> UnsafeMutableRawPointer {
        pages[position / KVLayout.positions].memory
    }
}
