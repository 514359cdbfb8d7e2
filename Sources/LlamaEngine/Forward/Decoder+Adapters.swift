import CKernels
import Parallel

/// Adapters: what comes on top of a product's own answer in the rows of sequences that have one. A pass without
/// adapters does none of this.
///
/// The first half, A x, is a loop of its own as soon as the product's input is there; the second half joins the loop of
/// the product, panel by panel. Both are f32 whatever the product itself computes in, and a row's sums do not depend on
/// the rows beside it.
extension Decoder {
    /// Consecutive rows with one adapter, of one sequence or several.
    struct AdaptedRows {
        let adapter: Adapter
        let rows: Range<Int>
    }

    /// Rows that share a reading of A and B.
    private static let adaptedRowsMax = 32

    /// Finds the rows with adapters, and of the logits those whose adapters change the head; makes room for their A x.
    func planAdapters(_ segments: [Segment]) throws(OutOfMemoryError) {
        Self.find(&adapted, segments) { ($0.tokens.count, $0.adapter) }
        Self.find(&adaptedLogits, segments) { segment in
            (segment.logitRows, segment.adapter.flatMap { $0.first(.final, layer: 0) == nil ? nil : $0 })
        }
        hasFactors = adapted.contains { $0.adapter.hasFactors }
        guard !adapted.isEmpty else { return }
        let columns = adapted.reduce(0) { max($0, $1.adapter.columnsMax) }
        try workspace.reserve(lowRank: rows.count, columns: columns)
        if hasFactors { try workspace.reserve(aside: rows.count) }
    }

    private static func find(
        _ blocks: inout [AdaptedRows], _ segments: [Segment], _ part: (Segment) -> (rows: Int, adapter: Adapter?)
    ) {
        blocks.removeAll(keepingCapacity: true)
        var first = 0
        for segment in segments {
            let (count, adapter) = part(segment)
            let end = first + count
            if let adapter {
                while first < end {
                    var start = first
                    if let last = blocks.last, last.adapter === adapter, last.rows.upperBound == first,
                        last.rows.count < adaptedRowsMax
                    {
                        start = last.rows.lowerBound
                        blocks.removeLast()
                    }
                    first = min(end, start + adaptedRowsMax)
                    blocks.append(AdaptedRows(adapter: adapter, rows: start..<first))
                }
            }
            first = end
        }
    }

    /// A x for the products of a stage, whose input is complete. For a few rows the caller is done sooner than it could
    /// share the work.
    func prepareAdapters(_ stage: AdapterStage, layer: Int, _ input: Input) {
        let blocks = blocks(stage)
        guard !blocks.isEmpty else { return }
        if rows.count < 4 {
            for block in blocks { multiplyFirst(block, stage, layer: layer, input, part: 0, of: 1) }
        } else {
            let parts = blocks.count < pool.threads ? pool.threads : 1
            pool.run(chunks: blocks.count * parts) { _, chunk in
                multiplyFirst(
                    blocks[chunk / parts], stage, layer: layer, input, part: chunk % parts, of: parts)
            }
        }
    }

    /// The head's rows are those of the logits.
    private func blocks(_ stage: AdapterStage) -> [AdaptedRows] { stage == .final ? adaptedLogits : adapted }

    private func multiplyFirst(
        _ block: AdaptedRows, _ stage: AdapterStage, layer: Int, _ input: Input, part: Int, of parts: Int
    ) {
        guard let half = block.adapter.first(stage, layer: layer) else { return }
        // Four of A's rows at a time read x once.
        let fours = (half.ranks + 3) / 4
        let begin = min(half.ranks, fours * part / parts * 4)
        let end = min(half.ranks, fours * (part + 1) / parts * 4)
        guard begin < end else { return }
        let columns = workspace.lowRankColumns
        lk_matmul_f32(
            LK_F32, half.a, begin, end, input.floats + block.rows.lowerBound * half.inputs, block.rows.count,
            half.inputs, workspace.lowRank.base + block.rows.lowerBound * columns, columns)
    }

    /// Adds B (A x) to some panels of a product. `y` is where the first output of the panels goes in the pass's first
    /// row.
    func addAdapters(
        _ target: AdapterTarget, layer: Int, _ panels: Range<Int>, to y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let columns = workspace.lowRankColumns
        for block in blocks(target.stage) {
            guard let half = block.adapter.second(target, layer: layer) else { continue }
            let first = panels.lowerBound * Matrix.panelOutputs
            let outputs = min(half.outputs, panels.upperBound * Matrix.panelOutputs) - first
            let row = block.rows.lowerBound
            lk_lora_expand(
                half.b + first * half.rank, half.rank, outputs,
                workspace.lowRank.base + row * columns + half.column, columns, block.rows.count, y + row * stride,
                stride)
        }
    }

    /// Multiplies some panels of a product by DoRA's factors, in the rows that have some. Before biases, which they
    /// leave as they are. `y` as in `addAdapters`.
    func scaleAdapted(_ place: Adapter.Place, _ panels: Range<Int>, _ y: UnsafeMutablePointer<Float>, stride: Int) {
        eachScaled(place, panels) { row, outputs, factors in
            let line = y + row * stride
            for output in 0..<outputs.count { line[output] *= factors[outputs.lowerBound + output] }
        }
    }

    /// Takes what some panels of a product are added to out of the way, in the rows that have factors: these are of the
    /// product alone. `y` as in `addAdapters`.
    func setAside(_ place: Adapter.Place, _ panels: Range<Int>, _ y: UnsafeMutablePointer<Float>, stride: Int) {
        eachScaled(place, panels) { row, outputs, _ in
            let kept = workspace.aside.base + row * stride + outputs.lowerBound
            kept.update(from: y + row * stride, count: outputs.count)
            (y + row * stride).update(repeating: 0, count: outputs.count)
        }
    }

    /// Adds what `setAside` took.
    func putBack(_ place: Adapter.Place, _ panels: Range<Int>, _ y: UnsafeMutablePointer<Float>, stride: Int) {
        eachScaled(place, panels) { row, outputs, _ in
            lk_add(y + row * stride, workspace.aside.base + row * stride + outputs.lowerBound, outputs.count)
        }
    }

    private func eachScaled(
        _ place: Adapter.Place, _ panels: Range<Int>,
        _ body: (_ row: Int, _ outputs: Range<Int>, _ factors: UnsafePointer<Float>) -> Void
    ) {
        let first = panels.lowerBound * Matrix.panelOutputs
        for block in blocks(place.target.stage) {
            guard let half = block.adapter.second(place.target, layer: place.layer), let factors = half.factors else {
                continue
            }
            let outputs = first..<min(half.outputs, panels.upperBound * Matrix.panelOutputs)
            for row in block.rows { body(row, outputs, factors) }
        }
    }

    /// Keeps the floats of a panel of what is gated for the adapters that change down: where down takes int8 there are
    /// none otherwise. `gate` and `up` are the panel's products, [rows, panelOutputs].
    func keepActivated(
        _ panel: Int, layer: Int, gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>
    ) {
        let width = model.configuration.feedForward
        let first = panel * Matrix.panelOutputs
        for block in adapted where block.adapter.first(.activated, layer: layer) != nil {
            for row in block.rows {
                let start = row * Matrix.panelOutputs
                model.configuration.variant.activation.gate(
                    gate + start, up + start, min(Matrix.panelOutputs, width - first),
                    to: workspace.activated.base + row * width + first)
            }
        }
    }
}
