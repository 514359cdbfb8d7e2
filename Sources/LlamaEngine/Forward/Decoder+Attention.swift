import CKernels

extension Decoder {
    /// Attention, from the norm's rows to `attended`.
    func attend(_ layer: DecoderWeights.Layer, index: Int, _ segments: [Segment]) {
        multiply(
            normalised, Product(layer.query, workspace.queries.base, .query, layer: index),
            Product(layer.key, workspace.keys.base, .key, layer: index),
            Product(layer.value, workspace.values.base, .value, layer: index))
        placeHeads(layer, index: index, segments)
        backend.attention(self, layer: index, segments)
        let width = model.configuration.heads * model.configuration.headDimension
        eachRow { row in narrow(attended, row: row, width: width) }
    }

    /// Norms and turns the heads of every row, and puts its keys and values into its sequence's cache.
    private func placeHeads(_ layer: DecoderWeights.Layer, index: Int, _ segments: [Segment]) {
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
            backend.putKey(workspace.keys.base + source, at: offset, of: keys, layout)
            lk_put_value(
                layout.element.type, workspace.values.base + source, dimension, offset,
                memory + layout.values(layer: layer, head: head))
        }
    }
}
