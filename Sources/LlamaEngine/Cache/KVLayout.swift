import CKernels
import Checkpoints

/// How keys and values are kept, and where in a page they lie.
///
/// A page holds `positions` positions of every layer: for each layer the keys of each head, then the values of each
/// head. A head's run of positions is contiguous, and in the order in which `lk_attention` reads it: sixteen keys side
/// by side, in bf16 and int8 pairs of dimensions of a key and pairs of values, and in int8 the scales of each sixteen
/// behind them. Where a BLAS computes them, both are [positions, headDimension].
struct KVLayout: Sendable, Equatable {
    static let positions = 128

    let element: CachePrecision
    let layers: Int
    let heads: Int
    let headDimension: Int

    init(_ configuration: ModelConfiguration, element: CachePrecision) {
        self.element = element
        layers = configuration.layers
        heads = configuration.keyValueHeads
        headDimension = configuration.headDimension
    }

    /// Bytes of one head's keys, or values, at one position.
    private var positionBytes: Int { lk_cache_bytes(element.type, headDimension) }

    /// Bytes of one head's keys, or values, in a page.
    private var run: Int { Self.positions * positionBytes }

    /// At most 2 * 1024 * 2^12 * 128 * 2^12 * 4 bytes = 2^54: no overflow.
    var pageBytes: Int { 2 * layers * heads * run }

    /// Offset in bytes of the keys of `head` in `layer`.
    func keys(layer: Int, head: Int) -> Int {
        (2 * layer * heads + head) * run
    }

    /// Copies the first `count` positions of a page, in whole groups of sixteen.
    func copy(_ count: Int, from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
        let bytes = (count + 15) / 16 * 16 * positionBytes
        for layer in 0..<layers {
            for head in 0..<heads {
                let (keys, values) = (keys(layer: layer, head: head), values(layer: layer, head: head))
                (target + keys).copyMemory(from: source + keys, byteCount: bytes)
                (target + values).copyMemory(from: source + values, byteCount: bytes)
            }
        }
    }

    /// Offset in bytes of the values of `head` in `layer`.
    func values(layer: Int, head: Int) -> Int {
        ((2 * layer + 1) * heads + head) * run
    }
}
