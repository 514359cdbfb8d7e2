import CKernels

extension Decoder {
    /// Rows of the head's product for each row of logits. Where the head takes int8, what int8 rounds off goes through
    /// it as a second row: the two together are as good as 16 bits, and a second row costs little while the product
    /// waits for its weights. The head's input is the one whose rounding costs most: on SmolLM2, half of all.
    var headPasses: Int {
        activations(for: model.weights.head) == .int8 ? 2 : 1
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
                narrow(row: wanted)
                wanted += 1
            }
            first = last
        }
        if headPasses == 2 {
            for row in 0..<logitRows { quantiseRest(of: row, to: logitRows + row) }
        }
        multiplyHead(logitRows: logitRows)
    }

    /// Writes what the int8 encoding of `row` lost as row `target`.
    private func quantiseRest(of row: Int, to target: Int) {
        let hidden = model.configuration.hidden
        lk_quantize_rest(
            workspace.input.base + row * hidden, workspace.quantised.base + row * (hidden / 32), hidden,
            workspace.input.base + target * hidden)
        narrow(row: target)
    }

    /// The head's product of `workspace.input` to `workspace.logits`, the second pass added to the first, and then what
    /// adapters change in it.
    private func multiplyHead(logitRows: Int) {
        let head = Linear(matrix: model.weights.head, bias: nil)
        let outputs = head.matrix.outputs
        let logits = workspace.logits.base
        let passes = headPasses
        prepareAdapters(.final, layer: 0, normalised)
        pool.run(over: head.matrix.panels, grain: grain(head.matrix.panels, wanted: 4)) { _, panels in
            let range = head.matrix.outputs(of: panels)
            multiply(
                head, panels, normalised, rows: logitRows * passes, to: logits + range.lowerBound, stride: outputs)
            if passes == 2 {
                for row in 0..<logitRows {
                    lk_add(
                        logits + row * outputs + range.lowerBound,
                        logits + (logitRows + row) * outputs + range.lowerBound, range.count)
                }
            }
            if hasFactors { scaleAdapted(.head, panels, logits + range.lowerBound, stride: outputs) }
            addAdapters(.head, layer: 0, panels, to: logits + range.lowerBound, stride: outputs)
            for row in 0..<logitRows { shapeLogits(logits + row * outputs + range.lowerBound, range.count) }
        }
    }

    /// Scales and caps logits, where the family does.
    private func shapeLogits(_ logits: UnsafeMutablePointer<Float>, _ count: Int) {
        let (scale, cap) = (model.configuration.variant.logitScale, model.configuration.variant.logitCap)
        if scale != 1 {
            for index in 0..<count { logits[index] *= scale }
        }
        if let cap { lk_soft_cap(logits, count, cap) }
    }
}
