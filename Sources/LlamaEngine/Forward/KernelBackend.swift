import CKernels
import Checkpoints
import Parallel

/// The engine's own kernels: attention over spans of positions, and a feed-forward whose products never leave a
/// thread's cache.
final class KernelBackend: ForwardBackend {
    /// Consecutive rows of one segment.
    struct Tile {
        let segment: Int
        let rows: Range<Int>
        /// Spans that the last of the rows sees, and the place of their partial sums.
        let spans: Int
        let firstSpan: Int
    }

    /// A tile's look at one stretch of `spanPositions` positions.
    struct Span {
        let tile: Int
        let index: Int
    }

    /// Two pages: short enough for the threads to share a short context evenly.
    static let spanPositions = 2 * KVLayout.positions
    /// Tokens whose queries share one reading of keys and values.
    static let tileTokens = 16

    let configuration: ModelConfiguration
    private(set) var tiles: [Tile] = []
    private(set) var spans: [Span] = []
    /// [threads, tileFloats]: the queries of a tile; [threads, tileQueries]: how many positions of a page each sees,
    /// and how many of these its window has left behind.
    let queries = ScratchBuffer<Float>()
    let visible = ScratchBuffer<UInt32>()
    let hidden = ScratchBuffer<UInt32>()
    /// [spans of all tiles, keyValueHeads, sumFloats]
    let sums = ScratchBuffer<Float>()
    /// [threads, gateFloats]: products with one panel of gate and of up.
    private let gates = ScratchBuffer<Float>()
    private var gateFloats = 0

    init(_ configuration: ModelConfiguration) {
        self.configuration = configuration
    }

    /// Heads of queries that share one of keys and values.
    var group: Int { configuration.heads / configuration.keyValueHeads }
    /// Vectors of queries in one tile of one group of heads.
    var tileQueries: Int { Self.tileTokens * group }
    var tileFloats: Int { tileQueries * configuration.headDimension }
    /// Sums and softmax state of a tile.
    var sumFloats: Int { tileQueries * (configuration.headDimension + 2) }

    func plan(_ decoder: Decoder, _ segments: [Decoder.Segment]) throws(OutOfMemoryError) {
        tiles.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        var first = 0
        for (index, segment) in segments.enumerated() {
            let end = first + segment.tokens.count
            for start in stride(from: first, to: end, by: Self.tileTokens) {
                let next = min(end, start + Self.tileTokens)
                let count = decoder.rows[next - 1].position / Self.spanPositions + 1
                for span in 0..<count { spans.append(Span(tile: tiles.count, index: span)) }
                tiles.append(
                    Tile(segment: index, rows: start..<next, spans: count, firstSpan: spans.count - count))
            }
            first = end
        }
        let threads = decoder.pool.threads
        try queries.reserve(threads * tileFloats)
        try visible.reserve(threads * tileQueries)
        try hidden.reserve(threads * tileQueries)
        try sums.reserve(spans.count * configuration.keyValueHeads * sumFloats)
        gateFloats = 2 * decoder.rows.count * Matrix.panelOutputs
        try gates.reserve(threads * gateFloats)
    }

    func putKey(_ key: UnsafePointer<Float>, at offset: Int, of keys: UnsafeMutableRawPointer, _ layout: KVLayout) {
        lk_put_key(layout.element.type, key, layout.headDimension, offset, keys)
    }

    /// A thread takes some outputs of both products at a time, so that these never leave its cache.
    func feedForward(_ decoder: Decoder, _ network: GatedNetwork, index: Int) {
        let (input, output) = (decoder.normalised, decoder.activated)
        let (count, width, activation) = (
            decoder.rows.count, configuration.feedForward, configuration.variant.activation
        )
        // Nothing in the loop counts references: that would hold up the reading of the next panel's weights.
        let (gates, gateFloats, isAdapted) = (gates.base, gateFloats, !decoder.adapted.isEmpty)
        let (gateWeights, upWeights) = (network.gate, network.up)
        let scaled = { (target: AdapterTarget) in
            decoder.hasFactors ? Adapter.Place(layer: index, target: target) : nil
        }
        let (scaledGate, scaledUp) = (scaled(.gate), scaled(.up))
        let next = decoder.activations(for: network.down.matrix)
        decoder.begin(.feedForward, layer: index, input)
        decoder.pool.run(over: gateWeights.matrix.panels, grain: 1) { worker, panels in
            let gate = gates + worker * gateFloats
            let up = gate + count * Matrix.panelOutputs
            for panel in panels {
                let (one, stride) = (panel..<panel + 1, Matrix.panelOutputs)
                let outputs = gateWeights.matrix.outputs(of: one)
                decoder.multiply(gateWeights, one, input, rows: count, to: gate, stride: stride, scaled: scaledGate)
                decoder.multiply(upWeights, one, input, rows: count, to: up, stride: stride, scaled: scaledUp)
                if isAdapted {
                    decoder.addAdapters(.gate, layer: index, one, to: gate, stride: stride)
                    decoder.addAdapters(.up, layer: index, one, to: up, stride: stride)
                }
                if isAdapted, next == .int8 { decoder.keepActivated(panel, layer: index, gate: gate, up: up) }
                Decoder.activate(
                    activation, gate, up, stride: stride, rows: count, outputs: outputs, to: output, width: width,
                    as: next)
            }
        }
    }

    func grain(_ panels: Int, wanted: Int, threads: Int) -> Int { wanted }
}
