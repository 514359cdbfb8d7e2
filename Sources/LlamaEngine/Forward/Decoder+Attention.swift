import CKernels
import Checkpoints

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

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
        let configuration = model.configuration
        let angles: RowAngles? =
            switch configuration.variant.attention(of: index).rotation {
            case .whole: workspace.angles
            case .window: workspace.windowAngles
            case .none: nil
            }
        eachRow { row in
            place(workspace.queries.base, heads: configuration.heads, norm: layer.queryNorm, row: row, angles)
            if let growth = configuration.variant.queryGrowth { grow(growth, row: row) }
            place(workspace.keys.base, heads: configuration.keyValueHeads, norm: layer.keyNorm, row: row, angles)
            store(row: row, layer: index, in: segments[rows[row].segment].cache)
        }
    }

    /// Norms and turns the heads of one row. The norm's weights say whether it runs over each head or over all at once.
    private func place(
        _ base: UnsafeMutablePointer<Float>, heads: Int, norm: Vector?, row: Int, _ angles: RowAngles?
    ) {
        let configuration = model.configuration
        let (dimension, width) = (configuration.headDimension, heads * configuration.headDimension)
        let x = base + row * width
        if let norm {
            for start in stride(from: 0, to: width, by: norm.count) {
                lk_rmsnorm(x + start, norm.base, configuration.normEpsilon, norm.count, x + start)
            }
        }
        angles?.turn(x, heads: heads, headDimension: dimension, row: row)
    }

    /// Multiplies the queries of one row by what their position makes of them.
    private func grow(_ growth: DecoderVariant.QueryGrowth, row: Int) {
        let width = model.configuration.heads * model.configuration.headDimension
        let factor = 1 + growth.beta * logf(1 + Float(rows[row].position / growth.context))
        let x = workspace.queries.base + row * width
        for place in 0..<width { x[place] *= factor }
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
