import CKernels
import Checkpoints
import Parallel

/// Another library's products (`MatrixProducts`): attention as its definition has it, softmax(Q Kᵀ / √d) V with the
/// scores written out, and a feed-forward whose products are whole. What adapters add comes from the engine's own
/// loops.
///
/// A library sums in an order that depends on the shape of the product, so a row's last bits depend here on the rows
/// beside it: the one place where the engine does not promise the same bits.
final class BLASBackend: ForwardBackend {
    /// Consecutive rows of one segment, whose scores are computed at once.
    private struct Tile {
        let segment: Int
        let rows: Range<Int>
        /// Positions that the last of the rows sees.
        let positions: Int
    }

    private let products: any MatrixProducts
    private let configuration: ModelConfiguration
    private var tiles: [Tile] = []
    /// [threads, scoreFloats]
    private let scores = ScratchBuffer<Float>()
    private var scoreFloats = 0
    /// Products with the up matrix, [rows, feedForward].
    private let up = ScratchBuffer<Float>()

    init(_ products: any MatrixProducts, _ configuration: ModelConfiguration) {
        self.products = products
        self.configuration = configuration
    }

    /// Rows of a tile, but fewer where a long context makes their scores more than `scoresMax`.
    private static let tileRows = 16...64
    private static let scoresMax = 1 << 20

    func plan(_ decoder: Decoder, _ segments: [Decoder.Segment]) throws(OutOfMemoryError) {
        let rows = decoder.rows
        tiles.removeAll(keepingCapacity: true)
        scoreFloats = 0
        var first = 0
        while first < rows.count {
            let seen = rows[first].position + Self.tileRows.upperBound
            let most = max(Self.tileRows.lowerBound, min(Self.tileRows.upperBound, Self.scoresMax / seen))
            let tile = rows[first...].prefix(most).prefix { $0.segment == rows[first].segment }
            let positions = rows[tile.endIndex - 1].position + 1
            tiles.append(Tile(segment: rows[first].segment, rows: tile.indices, positions: positions))
            scoreFloats = max(scoreFloats, tile.count * positions)
            first = tile.endIndex
        }
        try scores.reserve(decoder.pool.threads * scoreFloats)
        try up.reserve(rows.count * configuration.feedForward)
    }

    /// Keys lie as values do here, [positions, headDimension].
    func putKey(_ key: UnsafePointer<Float>, at offset: Int, of keys: UnsafeMutableRawPointer, _ layout: KVLayout) {
        let dimension = layout.headDimension
        (keys.assumingMemoryBound(to: Float.self) + offset * dimension).update(from: key, count: dimension)
    }

    func attention(_ decoder: Decoder, layer: Int, _ segments: [Decoder.Segment]) {
        let heads = configuration.heads
        decoder.pool.run(chunks: tiles.count * heads) { worker, chunk in
            let tile = tiles[chunk / heads]
            attend(
                decoder, tile, layer: layer, head: chunk % heads, segments[tile.segment].cache,
                scores.base + worker * scoreFloats)
        }
    }

    private func attend(
        _ decoder: Decoder, _ tile: Tile, layer: Int, head: Int, _ cache: KVCache, _ scores: UnsafeMutablePointer<Float>
    ) {
        let dimension = configuration.headDimension
        let width = configuration.heads * dimension
        let place = tile.rows.lowerBound * width + head * dimension
        let group = head / (configuration.heads / configuration.keyValueHeads)
        let window = configuration.variant.attention(of: layer).window ?? .max
        func first(_ row: Int) -> Int { max(0, decoder.rows[row].position - (window - 1)) }
        // Pages that the window has left behind are not read.
        let start = first(tile.rows.lowerBound) / KVLayout.positions * KVLayout.positions
        let pages = stride(from: start, to: tile.positions, by: KVLayout.positions)
        func memory(_ page: Int, _ offset: Int) -> UnsafePointer<Float> {
            UnsafePointer((cache.memory(of: page) + offset).assumingMemoryBound(to: Float.self))
        }
        for page in pages {
            products.compute(
                MatrixProduct(
                    rows: tile.rows.count, columns: min(KVLayout.positions, tile.positions - page), inner: dimension,
                    a: decoder.workspace.queries.base + place, aStride: width,
                    b: memory(page, cache.layout.keys(layer: layer, head: group)), bStride: dimension,
                    isBTransposed: true, c: scores + page, cStride: tile.positions,
                    scale: configuration.attentionScale))
        }
        for (index, row) in tile.rows.enumerated() {
            let line = scores + index * tile.positions
            let seen = first(row)..<decoder.rows[row].position + 1
            if let cap = configuration.variant.attentionCap { lk_soft_cap(line + seen.lowerBound, seen.count, cap) }
            _ = lk_softmax(line + seen.lowerBound, seen.count)
            (line + start).update(repeating: 0, count: seen.lowerBound - start)
            (line + seen.upperBound).update(repeating: 0, count: tile.positions - seen.upperBound)
        }
        for page in pages {
            products.compute(
                MatrixProduct(
                    rows: tile.rows.count, columns: dimension, inner: min(KVLayout.positions, tile.positions - page),
                    a: scores + page, aStride: tile.positions,
                    b: memory(page, cache.layout.values(layer: layer, head: group)), bStride: dimension,
                    isBTransposed: false, c: decoder.workspace.attended.base + place, cStride: width,
                    isAdding: page > start))
        }
    }

    func feedForward(_ decoder: Decoder, _ network: GatedNetwork, index: Int) {
        let gate = decoder.workspace.activated.base
        let (up, width, activation) = (up.base, configuration.feedForward, configuration.variant.activation)
        decoder.multiply(
            decoder.normalised, .init(network.gate, gate, .gate, layer: index),
            .init(network.up, up, .up, layer: index))
        decoder.eachRow { row in
            activation.gate(gate + row * width, up + row * width, width, to: gate + row * width)
        }
    }

    /// A library that puts its operands into an order of its own first does so for each part, so a product gets as many
    /// parts as there are threads.
    func grain(_ panels: Int, wanted: Int, threads: Int) -> Int { max(1, (panels + threads - 1) / threads) }
}
