import CKernels
import Parallel

/// The steps of a pass that depend on what multiplies its matrices: the engine's kernels, or another library. Chosen
/// once, when a decoder is made. Owns the memory of these steps, so one thread at a time.
protocol ForwardBackend: AnyObject {
    /// Cuts the pass's attention into pieces, and makes room for these steps.
    func plan(_ decoder: Decoder, _ segments: [Decoder.Segment]) throws(OutOfMemoryError)

    /// Puts a head's key at position `offset` of its run in a page, in the order in which `attention` reads it.
    func putKey(_ key: UnsafePointer<Float>, at offset: Int, of keys: UnsafeMutableRawPointer, _ layout: KVLayout)

    /// Causal attention of every row over its own sequence: `workspace.queries` to `workspace.attended`.
    func attention(_ decoder: Decoder, layer: Int, _ segments: [Decoder.Segment])

    /// The products with gate and up of layer `index`, one gated by the other: `normalised` to `activated`.
    func feedForward(_ decoder: Decoder, _ network: GatedNetwork, index: Int)

    /// Panels below which a product's outputs are not cut, where `wanted` are enough for the engine's kernels.
    func grain(_ panels: Int, wanted: Int, threads: Int) -> Int
}
