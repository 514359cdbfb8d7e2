import CKernels

extension KernelBackend {
    /// The work is cut into tiles of consecutive tokens times one group of heads, so that a tile reads each key and
    /// value once for all its queries, and into spans of positions, so that one long sequence keeps all threads busy.
    /// Spans lie on a grid and are added up in their order: a query's sum is the same however its prompt was cut,
    /// whatever is computed beside it, and on any number of threads.
    func attention(_ decoder: Decoder, layer: Int, _ segments: [Decoder.Segment]) {
        let heads = configuration.keyValueHeads
        let window = configuration.variant.attention(of: layer).window ?? .max
        decoder.pool.run(chunks: spans.count * heads) { worker, chunk in
            let next = chunk + 1 < spans.count * heads ? chunk + 1 : chunk
            attend(
                decoder, spans[chunk / heads], segments, layer: layer, head: chunk % heads, window: window,
                worker: worker, next: (spans[next / heads], next % heads))
        }
        let isLong = tiles.contains { $0.spans > 1 }
        if isLong {
            decoder.pool.run(chunks: tiles.count * heads) { _, chunk in
                join(decoder.workspace, tiles[chunk / heads], head: chunk % heads)
            }
        }
    }

    /// Weighted sums [queries, headDimension] and softmax state [queries, 2] of a span and a head.
    private func sums(_ tile: Tile, span: Int, head: Int) -> (
        sums: UnsafeMutablePointer<Float>, state: UnsafeMutablePointer<Float>
    ) {
        let place = (tile.firstSpan + span) * configuration.keyValueHeads + head
        let base = self.sums.base + place * sumFloats
        return (base, base + tile.rows.count * group * configuration.headDimension)
    }

    /// `next` is what the thread probably does after this: where that lies is asked for ahead.
    private func attend(
        _ decoder: Decoder, _ span: Span, _ segments: [Decoder.Segment], layer: Int, head: Int, window: Int,
        worker: Int, next: (span: Span, head: Int)
    ) {
        let tile = tiles[span.tile]
        let cache = segments[tile.segment].cache
        let dimension = configuration.headDimension
        let width = configuration.heads * dimension
        let queries = self.queries.base + worker * tileFloats
        let visible = self.visible.base + worker * tileQueries
        for (index, row) in tile.rows.enumerated() {
            (queries + index * group * dimension).update(
                from: decoder.workspace.queries.base + row * width + head * group * dimension, count: group * dimension)
        }
        let count = tile.rows.count * group
        let (sums, state) = sums(tile, span: span.index, head: head)
        lk_attention_start(count, dimension, state, sums)
        let last = decoder.rows[tile.rows.upperBound - 1].position
        let positions = span.index * Self.spanPositions..<min(last + 1, (span.index + 1) * Self.spanPositions)
        let first = Self.firstSeen(by: decoder.rows[tile.rows.lowerBound].position, in: window)
        for page in stride(from: positions.lowerBound, to: positions.upperBound, by: KVLayout.positions) {
            // What a window has left behind changes nothing.
            guard page + KVLayout.positions > first else { continue }
            let after =
                page + KVLayout.positions < positions.upperBound
                ? run(of: page + KVLayout.positions, in: cache, layer: layer, head: head)
                : run(
                    of: next.span.index * Self.spanPositions, in: segments[tiles[next.span.tile].segment].cache,
                    layer: layer, head: next.head)
            attend(
                PageLook(
                    page: page, window: window, type: cache.layout.element.type,
                    run: run(of: page, in: cache, layer: layer, head: head), next: after.keys, queries: queries,
                    visible: visible, hidden: hidden.base + worker * tileQueries, state: state, sums: sums),
                decoder, tile)
        }
        if tile.spans == 1 { finish(decoder.workspace, tile, head: head) }
    }

    /// The first position that a token sees.
    private static func firstSeen(by position: Int, in window: Int) -> Int { max(0, position - (window - 1)) }

    /// A tile's look at one page: what it reads, and what it adds to.
    private struct PageLook {
        let page: Int
        let window: Int
        let type: lk_type
        let run: (keys: UnsafeMutableRawPointer, values: UnsafeMutableRawPointer)
        /// Keys that are read after these.
        let next: UnsafeMutableRawPointer
        let queries: UnsafeMutablePointer<Float>
        let visible: UnsafeMutablePointer<UInt32>
        let hidden: UnsafeMutablePointer<UInt32>
        let state: UnsafeMutablePointer<Float>
        let sums: UnsafeMutablePointer<Float>
    }

    /// The queries that see the page from its first position on come first: a window moves on with its token. Which
    /// kernel a query gets depends on itself and the page alone.
    private func attend(_ look: PageLook, _ decoder: Decoder, _ tile: Tile) {
        let (dimension, scale) = (configuration.headDimension, configuration.attentionScale)
        let cap = configuration.variant.attentionCap
        var whole = 0
        for (index, row) in tile.rows.enumerated() {
            let position = decoder.rows[row].position
            let seen = UInt32(max(0, min(KVLayout.positions, position + 1 - look.page)))
            let first = Self.firstSeen(by: position, in: look.window) - look.page
            (look.visible + index * group).update(repeating: seen, count: group)
            (look.hidden + index * group).update(repeating: UInt32(max(0, first)), count: group)
            if first <= 0, cap == nil { whole += group }
        }
        if whole > 0 {
            lk_attention(
                look.type, look.queries, whole, dimension, scale, look.visible, look.run.keys, look.run.values,
                look.next, look.state, look.sums)
        }
        let rest = tile.rows.count * group - whole
        guard rest > 0 else { return }
        lk_attention_limited(
            look.type, look.queries + whole * dimension, rest, dimension, scale, cap ?? 0, look.hidden + whole,
            look.visible + whole, look.run.keys, look.run.values, look.next, look.state + 2 * whole,
            look.sums + whole * dimension)
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

    private func join(_ workspace: ForwardWorkspace, _ tile: Tile, head: Int) {
        guard tile.spans > 1 else { return }
        let (sums, state) = sums(tile, span: 0, head: head)
        for span in 1..<tile.spans {
            let more = self.sums(tile, span: span, head: head)
            lk_attention_join(
                tile.rows.count * group, configuration.headDimension, more.state, more.sums, state, sums)
        }
        finish(workspace, tile, head: head)
    }

    private func finish(_ workspace: ForwardWorkspace, _ tile: Tile, head: Int) {
        let dimension = configuration.headDimension
        let width = configuration.heads * dimension
        let (sums, state) = sums(tile, span: 0, head: head)
        lk_attention_finish(tile.rows.count * group, dimension, state, sums)
        for (index, row) in tile.rows.enumerated() {
            (workspace.attended.base + row * width + head * group * dimension).update(
                from: sums + index * group * dimension, count: group * dimension)
        }
    }
}
