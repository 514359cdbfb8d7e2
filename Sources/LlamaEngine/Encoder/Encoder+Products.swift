import CKernels

extension Encoder {
    /// The input of a product: rows of floats, and on the fast path the same as int8; what a norm gave as bf16 too.
    struct Input {
        let floats: UnsafeMutablePointer<Float>
        let quantised: UnsafeMutablePointer<lk_q8_block>
        var bf16: UnsafeMutablePointer<UInt16>?
    }

    /// The inputs of a layer's products: what a norm gave, what attention gave, and what the feed-forward's first half
    /// gave.
    var normalised: Input {
        Input(floats: workspace.input.base, quantised: workspace.quantised.base, bf16: workspace.bf16.base)
    }
    var attended: Input { Input(floats: workspace.attended.base, quantised: workspace.quantised.base) }
    var activated: Input { Input(floats: workspace.activated.base, quantised: workspace.activatedQuantised.base) }

    /// One matrix product of the pass, and where its answer goes: [rows, outputs].
    struct Product {
        let matrix: Matrix
        let output: UnsafeMutablePointer<Float>

        init(_ projection: EncoderWeights.Projection, _ output: UnsafeMutablePointer<Float>) {
            (matrix, self.output) = (projection.matrix, output)
        }
    }

    /// Computes products of one shape that share `input`, without their biases, in one loop over all threads.
    func multiply(_ input: Input, _ products: [Product], adding: Bool = false) {
        let each = products[0].matrix.panels
        eachBlock(panels: each * products.count) { _, rows, panels in
            for panel in panels {
                let (product, own) = (products[panel / each], panel % each)
                let width = product.matrix.outputs
                multiply(
                    product.matrix, own..<own + 1, input, rows: rows,
                    to: product.output + rows.lowerBound * width + own * Matrix.panelOutputs, stride: width,
                    adding: adding)
            }
        }
    }

    /// Some rows of `input` times some panels. `y` is where the first output of the panels goes for the first of the
    /// rows.
    func multiply(
        _ matrix: Matrix, _ panels: Range<Int>, _ input: Input, rows: Range<Int>, to y: UnsafeMutablePointer<Float>,
        stride: Int, adding: Bool
    ) {
        let inputs = matrix.inputs
        switch (isExact ? .f32 : matrix.narrowest, input.bf16) {
        case (.int8, _):
            matrix.multiply(
                panels, quantised: input.quantised + rows.lowerBound * (inputs / 32), rows: rows.count, to: y,
                stride: stride, adding: adding)
        case (.bf16, let bf16?):
            matrix.multiply(
                panels, bf16: bf16 + rows.lowerBound * inputs, rows: rows.count, to: y, stride: stride, adding: adding)
        default:
            matrix.multiply(
                panels, input.floats + rows.lowerBound * inputs, rows: rows.count, to: y, stride: stride, adding: adding
            )
        }
    }

    /// Shares out all rows times `panels` panels: calls `body` for blocks of rows and stretches of panels, about four
    /// for each thread where there is enough to do.
    func eachBlock(panels: Int, _ body: (_ worker: Int, _ rows: Range<Int>, _ panels: Range<Int>) -> Void) {
        let blocks = (rows + Self.blockRows - 1) / Self.blockRows
        let stretches = pool.threads == 1 ? 1 : min(panels, max(1, (4 * pool.threads + blocks - 1) / blocks))
        pool.run(chunks: blocks * stretches) { worker, chunk in
            // Neighbouring chunks share their rows.
            let (block, stretch) = (chunk / stretches, chunk % stretches)
            body(
                worker, block * Self.blockRows..<min(rows, (block + 1) * Self.blockRows),
                panels * stretch / stretches..<panels * (stretch + 1) / stretches)
        }
    }
}
