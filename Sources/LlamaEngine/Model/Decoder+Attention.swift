import CKernels

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
        let width = layout.heads * layout.headDimension
        for head in 0..<layout.heads {
            let source = row * width + head * layout.headDimension
            write(
                workspace.keys.base + source, to: memory + layout.keys(layer: layer, head: head, position: offset),
                layout)
            write(
                workspace.values.base + source,
                to: memory + layout.values(layer: layer, head: head, position: offset), layout)
        }
    }

    private func write(_ source: UnsafePointer<Float>, to target: UnsafeMutableRawPointer, _ layout: KVLayout) {
        let count = layout.headDimension
        switch layout.element {
        case .f16: lk_f16_from_f32(source, target.assumingMemoryBound(to: UInt16.self), count)
        case .f32: target.assumingMemoryBound(to: Float.self).update(from: source, count: count)
        }
    }

    /// Causal attention of every row over its own sequence: `workspace.queries` to `workspace.attended`.
    ///
    /// The work is cut into tiles of consecutive tokens times one group of heads, so that a tile reads each key and value
    /// once for all its queries. Tiles lie on a grid of positions, and every query sums over the same runs wherever its pass
    /// began: a sequence's numbers do not depend on how its prompt was cut.
    func attention(layer: Int, _ segments: [Segment]) {
        let heads = model.configuration.keyValueHeads
        tiles.removeAll(keepingCapacity: true)
        var first = 0
        for (index, segment) in segments.enumerated() {
            let end = first + segment.tokens.count
            var start = first
            while start < end {
                let left = ForwardWorkspace.tileTokens - rows[start].position % ForwardWorkspace.tileTokens
                let next = min(end, start + left)
                tiles.append(Tile(segment: index, rows: start..<next))
                start = next
            }
            first = end
        }
        pool.run(chunks: tiles.count * heads) { worker, chunk in
            let tile = tiles[chunk / heads]
            attend(tile, to: segments[tile.segment].cache, layer: layer, head: chunk % heads, worker: worker)
        }
    }

    /// Consecutive rows of one segment, all in the same stretch of `tileTokens` positions.
    struct Tile {
        let segment: Int
        let rows: Range<Int>
    }

    private func attend(_ tile: Tile, to cache: KVCache, layer: Int, head: Int, worker: Int) {
        let configuration = model.configuration
        let dimension = configuration.headDimension
        let group = configuration.heads / configuration.keyValueHeads
        let width = configuration.heads * dimension
        let count = tile.rows.count
        let queries = workspace.tiles.base + worker * workspace.tileFloats
        let sums = queries + count * group * dimension
        let state = sums + count * group * dimension
        for (index, row) in tile.rows.enumerated() {
            (queries + index * group * dimension).update(
                from: workspace.queries.base + row * width + head * group * dimension, count: group * dimension)
        }
        lk_attention_start(count * group, dimension, state, sums)
        let span = Span(
            cache: cache, layer: layer, head: head, dimension: dimension, queries: queries, state: state, sums: sums)
        let grid = rows[tile.rows.lowerBound].position / ForwardWorkspace.tileTokens * ForwardWorkspace.tileTokens
        span.see(0..<grid, queries: 0..<count * group)
        for (index, row) in tile.rows.enumerated() {
            span.see(grid..<rows[row].position + 1, queries: index * group..<(index + 1) * group)
        }
        lk_attention_finish(count * group, dimension, state, sums)
        for (index, row) in tile.rows.enumerated() {
            (workspace.attended.base + row * width + head * group * dimension).update(
                from: sums + index * group * dimension, count: group * dimension)
        }
    }
}

/// One head of a cache as the queries of a tile see it.
private struct Span {
    let cache: KVCache
    let layer: Int
    let head: Int
    let dimension: Int
    let queries: UnsafeMutablePointer<Float>
    let state: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Float>

    /// Adds the positions to what some of the tile's queries have seen, one contiguous run in a page at a time.
    func see(_ positions: Range<Int>, queries seeing: Range<Int>) {
        let layout = cache.layout
        let scale = 1 / Float(dimension).squareRoot()
        var position = positions.lowerBound
        while position < positions.upperBound {
            let offset = position % KVLayout.positions
            let run = min(positions.upperBound - position, KVLayout.positions - offset)
            let memory = cache.memory(of: position)
            let keys = UnsafeRawPointer(memory + layout.keys(layer: layer, head: head, position: offset))
            let values = UnsafeRawPointer(memory + layout.values(layer: layer, head: head, position: offset))
            let (q, s, out) = (
                queries + seeing.lowerBound * dimension, state + seeing.lowerBound * 2,
                sums + seeing.lowerBound * dimension
            )
            switch layout.element {
            case .f16:
                lk_attention_f16(
                    q, seeing.count, dimension, scale, keys.assumingMemoryBound(to: UInt16.self),
                    values.assumingMemoryBound(to: UInt16.self), dimension, run, s, out)
            case .f32:
                lk_attention_f32(
                    q, seeing.count, dimension, scale, keys.assumingMemoryBound(to: Float.self),
                    values.assumingMemoryBound(to: Float.self), dimension, run, s, out)
            }
            position += run
        }
    }
}
