import CKernels

extension Decoder {
    /// Rows of the head's product for each row of logits. Where the head takes int8, what int8 rounds off goes through it as
    /// a second row: the two together are as good as 16 bits, and a second row costs little while the product waits for
    /// its weights. The head's input is the one whose rounding costs most: on SmolLM2, half of all.
    var headPasses: Int {
        precision == .quantized && model.weights.head.takesQuantised ? 2 : 1
    }

    /// Norms the rows whose logits are wanted and multiplies them with the head.
    func computeLogits(_ segments: [Segment], logitRows: Int) {
        guard logitRows > 0 else { return }
        let hidden = model.configuration.hidden
        var wanted = 0
        var first = 0
        for segment in segments {
            let last = first + segment.tokens.count
            for row in (last - segment.logitRows)..<last {
                lk_rmsnorm(
                    workspace.residual.base + row * hidden, model.weights.finalNorm.base,
                    model.configuration.normEpsilon, hidden, workspace.input.base + wanted * hidden)
                quantise(row: wanted, width: hidden)
                wanted += 1
            }
            first = last
        }
        if headPasses == 2 {
            for row in 0..<logitRows { quantiseRest(of: row, to: logitRows + row) }
        }
        multiplyHead(logitRows: logitRows)
    }

    /// Writes what the int8 form of `row` lost as row `target`.
    private func quantiseRest(of row: Int, to target: Int) {
        let hidden = model.configuration.hidden
        let blocks = workspace.quantised.base + row * lk_q8_blocks(hidden)
        let source = workspace.input.base + row * hidden
        let rest = workspace.input.base + target * hidden
        // q[half][part][i] is value 32 * part + 16 * half + i of its block of 128.
        guard let scales = MemoryLayout<lk_q8_block>.offset(of: \.scale),
            let values = MemoryLayout<lk_q8_block>.offset(of: \.q)
        else { preconditionFailure("the fields of lk_q8_block are stored") }
        for index in 0..<hidden {
            let block = UnsafeRawPointer(blocks + index / 128)
            let (part, half, place) = (index % 128 / 32, index % 32 / 16, index % 16)
            let scale = block.load(fromByteOffset: scales + part * 4, as: Float.self)
            let value = block.load(fromByteOffset: values + half * 64 + part * 16 + place, as: Int8.self)
            rest[index] = source[index] - scale * Float(value)
        }
        quantise(row: target, width: hidden)
    }

    /// The head's product of `workspace.input` to `workspace.logits`, the second pass added to the first.
    private func multiplyHead(logitRows: Int) {
        let head = model.weights.head
        let logits = workspace.logits.base
        let passes = headPasses
        pool.run(over: head.outputs, grain: Self.grain) { _, range in
            multiply(head, range, rows: logitRows * passes, to: logits)
            guard passes == 2 else { return }
            for row in 0..<logitRows {
                lk_add(
                    logits + row * head.outputs + range.lowerBound,
                    logits + (logitRows + row) * head.outputs + range.lowerBound, range.count)
            }
        }
    }
}
