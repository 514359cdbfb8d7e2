import CKernels

extension Decoder {
    /// Whether the head's product takes int16 activations: where it could take int8. The head's input is the one whose
    /// rounding to int8 costs most, on SmolLM2 half of all, and 16 bits cost little while the product waits for its
    /// weights.
    private var isHeadWide: Bool { activations(for: model.weights.head) == .int8 }

    /// Norms the rows whose logits are wanted and multiplies them with the head.
    func computeLogits(_ segments: [Segment], logitRows: Int) {
        guard logitRows > 0 else { return }
        let hidden = model.configuration.hidden
        let isWide = isHeadWide
        var wanted = 0
        var first = 0
        for segment in segments {
            let last = first + segment.tokens.count
            for row in (last - segment.logitRows)..<last {
                lk_rmsnorm(
                    workspace.residual.base + row * hidden, model.weights.finalNorm.base,
                    model.configuration.normEpsilon, hidden, workspace.input.base + wanted * hidden)
                if !isWide { narrow(row: wanted) }
                wanted += 1
            }
            first = last
        }
        if isWide { lk_quantize_rows_q16(workspace.input.base, logitRows, hidden, workspace.headInput.base) }
        multiplyHead(logitRows: logitRows, isWide: isWide)
    }

    /// The head's product of `workspace.input` to `workspace.logits`, and then what adapters change in it.
    private func multiplyHead(logitRows: Int, isWide: Bool) {
        let head = Linear(matrix: model.weights.head, bias: nil)
        let outputs = head.matrix.outputs
        let logits = workspace.logits.base
        prepareAdapters(.final, layer: 0, normalised)
        pool.run(over: head.matrix.panels, grain: grain(head.matrix.panels, wanted: 4)) { _, panels in
            let to = logits + head.matrix.outputs(of: panels).lowerBound
            if isWide {
                head.matrix.multiply(panels, wide: workspace.headInput.base, rows: logitRows, to: to, stride: outputs)
            } else {
                multiply(head, panels, normalised, rows: logitRows, to: to, stride: outputs)
            }
            if hasFactors { scaleAdapted(.head, panels, to, stride: outputs) }
            addAdapters(.head, layer: 0, panels, to: to, stride: outputs)
            let count = head.matrix.outputs(of: panels).count
            for row in 0..<logitRows { shapeLogits(to + row * outputs, count) }
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
