import CKernels
import Checkpoints

extension Decoder {
    /// The input of a product: rows of floats, and the same as int8 and bf16 where the model has products that take
    /// them.
    struct Input {
        let floats: UnsafeMutablePointer<Float>
        let quantised: UnsafeMutablePointer<lk_q8_block>
        let bf16: UnsafeMutablePointer<UInt16>
    }

    /// The inputs of a layer's products: what a norm gave, what attention gave, and what the feed-forward's first half
    /// gave.
    var normalised: Input {
        Input(floats: workspace.input.base, quantised: workspace.quantised.base, bf16: workspace.bf16.base)
    }
    var attended: Input {
        Input(floats: workspace.attended.base, quantised: workspace.quantised.base, bf16: workspace.bf16.base)
    }
    var activated: Input {
        Input(
            floats: workspace.activated.base, quantised: workspace.activatedQuantised.base,
            bf16: workspace.activatedBF16.base)
    }

    /// One matrix product of the pass, and where its answer goes: [rows, outputs].
    struct Product {
        let linear: Linear
        let output: UnsafeMutablePointer<Float>
        /// Which product of which layer, for adapters.
        let target: AdapterTarget
        let layer: Int

        init(_ linear: Linear, _ output: UnsafeMutablePointer<Float>, _ target: AdapterTarget, layer: Int) {
            self.linear = linear
            self.output = output
            self.target = target
            self.layer = layer
        }
    }

    /// Computes up to three products that share `input`, those of one stage of a layer, in one loop over all threads.
    func multiply(
        _ input: Input, _ first: Product, _ second: Product? = nil, _ third: Product? = nil, adding: Bool = false
    ) {
        let ends = (
            first.linear.matrix.panels, first.linear.matrix.panels + (second?.linear.matrix.panels ?? 0)
        )
        let panels = ends.1 + (third?.linear.matrix.panels ?? 0)
        begin(first.target.stage, layer: first.layer, input)
        pool.run(over: panels, grain: grain(panels, wanted: 1)) { _, range in
            part(of: first, from: 0, in: range, input, adding)
            if let second { part(of: second, from: ends.0, in: range, input, adding) }
            if let third { part(of: third, from: ends.1, in: range, input, adding) }
        }
    }

    /// Prepares the loop of a stage's products: computes their adapters' A x, and names the weights that the next loop
    /// reads.
    func begin(_ stage: AdapterStage, layer: Int, _ input: Input) {
        prepareAdapters(stage, layer: layer, input)
        readAhead(after: stage, layer: layer)
    }

    /// Few rows leave a product waiting for its weights; many keep the weights waiting.
    func readAhead(after stage: AdapterStage, layer: Int) {
        guard rows.count < 8 else { return }
        let (first, second) = readNext[layer * AdapterStage.ofLayer.count + stage.rawValue]
        pool.prefetch(first, second)
    }

    func grain(_ panels: Int, wanted: Int) -> Int { backend.grain(panels, wanted: wanted, threads: pool.threads) }

    /// The panels of `product` that lie in `range`, where its own begin at `start`.
    private func part(of product: Product, from start: Int, in range: Range<Int>, _ input: Input, _ adding: Bool) {
        let matrix = product.linear.matrix
        let lower = max(0, range.lowerBound - start)
        let upper = min(matrix.panels, range.upperBound - start)
        guard lower < upper else { return }
        let y = product.output + lower * Matrix.panelOutputs
        let scaled = hasFactors ? Adapter.Place(layer: product.layer, target: product.target) : nil
        if adding, let scaled { setAside(scaled, lower..<upper, y, stride: matrix.outputs) }
        multiply(
            product.linear, lower..<upper, input, rows: rows.count, to: y, stride: matrix.outputs, adding: adding,
            scaled: scaled)
        addAdapters(product.target, layer: product.layer, lower..<upper, to: y, stride: matrix.outputs)
        if adding, let scaled { putBack(scaled, lower..<upper, y, stride: matrix.outputs) }
    }

    /// `rows` rows of `input` times some panels of a matrix, and its bias. `y` is where the first output of the panels
    /// goes. `scaled` is where to look for adapters' factors; nil where no row has some.
    func multiply(
        _ linear: Linear, _ panels: Range<Int>, _ input: Input, rows: Int, to y: UnsafeMutablePointer<Float>,
        stride: Int, adding: Bool = false, scaled: Adapter.Place? = nil
    ) {
        let matrix = linear.matrix
        switch activations(for: matrix) {
        case .int8:
            matrix.multiply(panels, quantised: input.quantised, rows: rows, to: y, stride: stride, adding: adding)
        case .bf16: matrix.multiply(panels, bf16: input.bf16, rows: rows, to: y, stride: stride, adding: adding)
        case .f32: matrix.multiply(panels, input.floats, rows: rows, to: y, stride: stride, adding: adding)
        }
        if let scaled { scaleAdapted(scaled, panels, y, stride: stride) }
        guard let bias = linear.bias else { return }
        let outputs = matrix.outputs(of: panels)
        for row in 0..<rows { lk_add(y + row * stride, bias.base + outputs.lowerBound, outputs.count) }
    }

    /// SwiGLU of some outputs of products with gate and up, whose rows are `stride` apart, to the same columns of
    /// `output`, whose rows have `width`. As int8 they are those of one panel.
    static func activate(
        _ activation: DecoderVariant.Activation, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafeMutablePointer<Float>,
        stride: Int, rows: Int,
        outputs: Range<Int>, to output: Input, width: Int, as next: Matrix.Activations
    ) {
        let place = outputs.lowerBound
        if next == .int8 {
            return activation.gate(gate, up, rows: rows, to: output.quantised + place / 32, stride: width / 32)
        }
        for row in 0..<rows {
            let out = output.floats + row * width + place
            activation.gate(gate + row * stride, up + row * stride, outputs.count, to: out)
            guard next == .bf16 else { continue }
            lk_bf16_from_f32(out, output.bf16 + row * width + place, outputs.count)
        }
    }

    /// The activations that a product with the matrix reads.
    func activations(for matrix: Matrix) -> Matrix.Activations { matrix.activations(precision) }
}
