import CKernels

extension Decoder {
    /// One matrix product of the pass, and where its answer goes: [rows, outputs].
    struct Product {
        let linear: Linear
        let output: UnsafeMutablePointer<Float>

        init(_ linear: Linear, _ output: UnsafeMutablePointer<Float>) {
            self.linear = linear
            self.output = output
        }
    }

    /// Outputs that a thread takes at least. All products have these many outputs but for the last grain.
    static let grain = 32

    /// Computes up to three products that share `workspace.input`, in one loop over all threads.
    func multiply(_ first: Product, _ second: Product? = nil, _ third: Product? = nil) {
        let padded = { (product: Product?) in
            guard let product else { return 0 }
            return (product.linear.matrix.outputs + Self.grain - 1) / Self.grain * Self.grain
        }
        let ends = (padded(first), padded(first) + padded(second))
        pool.run(over: ends.1 + padded(third), grain: Self.grain) { _, range in
            part(of: first, from: 0, in: range)
            if let second { part(of: second, from: ends.0, in: range) }
            if let third { part(of: third, from: ends.1, in: range) }
        }
    }

    /// The outputs of `product` that lie in `range`, where its own outputs begin at `start`.
    private func part(of product: Product, from start: Int, in range: Range<Int>) {
        let lower = max(0, range.lowerBound - start)
        let upper = min(product.linear.matrix.outputs, range.upperBound - start)
        guard lower < upper else { return }
        multiply(product.linear.matrix, lower..<upper, rows: rows.count, to: product.output)
        guard let bias = product.linear.bias else { return }
        for row in rows.indices {
            lk_add(product.output + row * product.linear.matrix.outputs + lower, bias.base + lower, upper - lower)
        }
    }

    /// `rows` rows of `workspace.input` times some rows of a matrix.
    func multiply(
        _ matrix: Matrix, _ outputs: Range<Int>, rows: Int, to output: UnsafeMutablePointer<Float>
    ) {
        if precision == .quantized && matrix.takesQuantised {
            lk_matmul_q8(
                matrix.type, matrix.base, outputs.lowerBound, outputs.upperBound, workspace.quantised.base, rows,
                matrix.inputs, output, matrix.outputs)
        } else {
            lk_matmul_f32(
                matrix.type, matrix.base, outputs.lowerBound, outputs.upperBound, workspace.input.base, rows,
                matrix.inputs, output, matrix.outputs)
        }
    }
}
