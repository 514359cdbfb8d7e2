import CKernels
import Checkpoints

/// How keys and values are kept, and where in a page they lie.
///
/// A page holds `positions` positions of every layer: for each layer the keys of each head, then the values of each
/// head. A head's run of positions is contiguous, and in the order in which `lk_attention` reads it: sixteen keys side
/// by side, and in bf16 pairs of dimensions of a key and pairs of values. Where a BLAS computes them, both are
/// [positions, headDimension].
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
