import CKernels

extension Encoder {
    /// Attention of every token to all tokens of its sequence: `normalised` to `attended`.
    func attend(_ layer: EncoderWeights.Layer) {
        multiply(
            normalised,
            [
                Product(layer.query, workspace.queries.base), Product(layer.key, workspace.keys.base),
                Product(layer.value, workspace.values.base),
            ])
        let heads = model.configuration.heads
        pool.run(chunks: sequences.count * heads) { worker, chunk in
            attend(layer, sequences[chunk / heads], head: chunk % heads, worker: worker)
        }
        guard !isExact else { return }
        let hidden = model.configuration.hidden
        pool.run(over: rows, grain: 8) { _, range in
            lk_quantize_rows(
                workspace.attended.base + range.lowerBound * hidden, range.count, hidden,
                workspace.quantised.base + range.lowerBound * (hidden / 32))
        }
    }

    private func attend(_ layer: EncoderWeights.Layer, _ rows: Range<Int>, head: Int, worker: Int) {
        let (count, dimension, hidden) = (rows.count, model.configuration.headDimension, model.configuration.hidden)
        let memory = HeadMemory(
            workspace.heads.base + worker * HeadMemory.floats(longest, dimension), positions: count,
            dimension: dimension)
        let from = rows.lowerBound * hidden + head * dimension
        func place(_ projection: EncoderWeights.Projection, _ source: UnsafeMutablePointer<Float>, _ row: Int)
            -> UnsafeMutablePointer<Float>
        {
            let values = source + from + row * hidden
            lk_add(values, projection.bias.base + head * dimension, dimension)
            return values
        }
        for row in 0..<count {
            let query = place(layer.query, workspace.queries.base, row)
            (memory.queries + row * dimension).update(from: query, count: dimension)
            lk_put_key(LK_F32, place(layer.key, workspace.keys.base, row), dimension, row, memory.keys)
            let value = place(layer.value, workspace.values.base, row)
            (memory.values + row * dimension).update(from: value, count: dimension)
        }
        let visible = workspace.visible.base + worker * longest
        visible.update(repeating: UInt32(count), count: count)
        lk_attention_start(count, dimension, memory.state, memory.sums)
        lk_attention(
            LK_F32, memory.queries, count, dimension, 1 / Float(dimension).squareRoot(), visible, memory.keys,
            memory.values, nil, memory.state, memory.sums)
        lk_attention_finish(count, dimension, memory.state, memory.sums)
        for row in 0..<count {
            (workspace.attended.base + from + row * hidden).update(
                from: memory.sums + row * dimension, count: dimension)
        }
    }
}
