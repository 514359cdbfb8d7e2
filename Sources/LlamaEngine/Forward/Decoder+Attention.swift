import CKernels
import Parallel

extension Decoder {
    /// Norms and turns the heads of every row, and puts its keys and values into its sequence's cache.
    func placeHeads(_ layer: DecoderWeights.Layer, index: Int, _ segments: [Segment]) {
        eachRow { row in
            turn(workspace.queries.base, heads: model.configuration.heads, norm: layer.queryNorm, row: row)
            turn(workspace.keys.base, heads: model.configuration.keyValueHeads, norm: layer.keyNorm, row: row)
            store(row: row, layer: index, in: segments[rows[row].segment].cache)
        }
    }

    private func turn(_ base: UnsafeMutablePointer<Float>, heads: Int, norm: Vector?, row: Int) {
        let configuration = model.configuration
        let dimension = configuration.headDimension
        let x = base + row * heads * dimension
        if let norm {
            for head in 0..<heads {
                let values = x + head * dimension
                lk_rmsnorm(values, norm.base, configuration.normEpsilon, dimension, values)
            }
        }
        let pairs = configuration.rope.dimension / 2
        let (cosines, sines) = (workspace.cosines.base + row * pairs, workspace.sines.base + row * pairs)
        switch configuration.rope.order {
        case .interleaved: lk_rope_interleaved(x, heads, dimension, configuration.rope.dimension, cosines, sines)
        case .half: lk_rope_half(x, heads, dimension, configuration.rope.dimension, cosines, sines)
        }
    }

    private func store(row: Int, layer: Int, in cache: KVCache) {
        let layout = cache.layout
        let position = rows[row].position
        let memory = cache.memory(of: position)
        let offset = position % KVLayout.positions
        let dimension = layout.headDimension
        for head in 0..<layout.heads {
            let source = (row * layout.heads + head) * dimension
            let keys = memory + layout.keys(layer: layer, head: head)
            if blas != nil {
                BLASDecoding.putKey(workspace.keys.base + source, dimension, offset, keys)
            } else {
                lk_put_key(layout.element.type, workspace.keys.base + source, dimension, offset, keys)
            }
            lk_put_value(
                layout.element.type, workspace.values.base + source, dimension, offset,
                memory + layout.values(layer: layer, head: head))
        }
    }

    /// Causal attention of every row over its own sequence: `workspace.queries` to `workspace.attended`.
    ///
    /// The work is cut into tiles of consecutive tokens times one group of heads, so that a tile reads each key and value
    /// once for all its queries, and into spans of positions, so that one long sequence keeps all threads busy. Spans lie on
    /// a grid and are added up in their order: a query's sum is the same however its prompt was cut, whatever is computed
    /// beside it, and on any number of threads.
    func attention(layer: Int, _ segments: [Segment]) {
        let heads = model.configuration.keyValueHeads
        pool.run(chunks: spans.count * heads) { worker, chunk in
            let next = chunk + 1 < spans.count * heads ? chunk + 1 : chunk
            attend(
                spans[chunk / heads], segments, layer: layer, head: chunk % heads, worker: worker,
                next: (spans[next / heads], next % heads))
        }
        let isLong = tiles.contains { $0.spans > 1 }
        if isLong {
            pool.run(chunks: tiles.count * heads) { _, chunk in join(tiles[chunk / heads], head: chunk % heads) }
        }
    }

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

    /// Cuts the pass into tiles and spans, and makes room for their sums.
    func planAttention(_ segments: [Segment]) throws(OutOfMemoryError) {
        tiles.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        var first = 0
        for (index, segment) in segments.enumerated() {
            let end = first + segment.tokens.count
            for start in stride(from: first, to: end, by: ForwardWorkspace.tileTokens) {
                let next = min(end, start + ForwardWorkspace.tileTokens)
                let count = rows[next - 1].position / Self.spanPositions + 1
                for span in 0..<count { spans.append(Span(tile: tiles.count, index: span)) }
                tiles.append(
                    Tile(segment: index, rows: start..<next, spans: count, firstSpan: spans.count - count))
            }
            first = end
        }
        try workspace.reserve(sums: spans.count * model.configuration.keyValueHeads)
    }

    private var group: Int { model.configuration.heads / model.configuration.keyValueHeads }

    /// Weighted sums [queries, headDimension] and softmax state [queries, 2] of a span and a head.
    private func sums(_ tile: Tile, span: Int, head: Int) -> (
        sums: UnsafeMutablePointer<Float>, state: UnsafeMutablePointer<Float>
    ) {
        let place = (tile.firstSpan + span) * model.configuration.keyValueHeads + head
        let base = workspace.sums.base + place * workspace.sumFloats
        return (base, base + tile.rows.count * group * model.configuration.headDimension)
    }

    /// `next` is what the thread probably does after this: where that lies is asked for ahead.
    private func attend(
        _ span: Span, _ segments: [Segment], layer: Int, head: Int, worker: Int, next: (span: Span, head: Int)
    ) {
        let tile = tiles[span.tile]
        let cache = segments[tile.segment].cache
        let dimension = model.configuration.headDimension
        let width = model.configuration.heads * dimension
        let queries = workspace.tiles.base + worker * workspace.tileFloats
        let visible = workspace.visible.base + worker * ForwardWorkspace.tileTokens * group
        for (index, row) in tile.rows.enumerated() {
            (queries + index * group * dimension).update(
                from: workspace.queries.base + row * width + head * group * dimension, count: group * dimension)
        }
        let count = tile.rows.count * group
        let (sums, state) = sums(tile, span: span.index, head: head)
        lk_attention_start(count, dimension, state, sums)
        let scale = 1 / Float(dimension).squareRoot()
        let last = rows[tile.rows.upperBound - 1].position
        let positions = span.index * Self.spanPositions..<min(last + 1, (span.index + 1) * Self.spanPositions)
        for page in stride(from: positions.lowerBound, to: positions.upperBound, by: KVLayout.positions) {
            for (index, row) in tile.rows.enumerated() {
                let seen = UInt32(max(0, min(KVLayout.positions, rows[row].position + 1 - page)))
                (visible + index * group).update(repeating: seen, count: group)
            }
            let here = run(of: page, in: cache, layer: layer, head: head)
            let after =
                page + KVLayout.positions < positions.upperBound
                ? run(of: page + KVLayout.positions, in: cache, layer: layer, head: head)
                : run(
                    of: next.span.index * Self.spanPositions, in: segments[tiles[next.span.tile].segment].cache,
                    layer: layer, head: next.head)
            lk_attention(
                cache.layout.element.type, queries, count, dimension, scale, visible, here.keys, here.values,
                after.keys, state, sums)
        }
        if tile.spans == 1 { finish(tile, head: head) }
    }

    /// Keys and values of one head in the page of `position`.
    private func run(of position: Int, in cache: KVCache, layer: Int, head: Int) -> (
        keys: UnsafeMutableRawPointer, values: UnsafeMutableRawPointer
    ) {
        let memory = cache.memory(of: position)
        return (
            memory + cache.layout.keys(layer: layer, head: head),
            memory + cache.layout.values(layer: layer, head: head)
        )
    }

    private func join(_ tile: Tile, head: Int) {
        guard tile.spans > 1 else { return }
        let (sums, state) = sums(tile, span: 0, head: head)
        for span in 1..<tile.spans {
            let more = self.sums(tile, span: span, head: head)
            lk_attention_join(
                tile.rows.count * group, model.configuration.headDimension, more.state, more.sums, state, sums)
        }
        finish(tile, head: head)
    }

    private func finish(_ tile: Tile, head: Int) {
        let dimension = model.configuration.headDimension
        let width = model.configuration.heads * dimension
        let (sums, state) = sums(tile, span: 0, head: head)
        lk_attention_finish(tile.rows.count * group, dimension, state, sums)
        for (index, row) in tile.rows.enumerated() {
            (workspace.attended.base + row * width + head * group * dimension).update(
                from: sums + index * group * dimension, count: group * dimension)
        }
    }
}
