import CKernels
import LlamaEngine

/// The last norm, the head and the cross entropy: loss = -log softmax(E norm(x))[token] for each target. In chunks of
/// targets, so that logits are never whole in memory, and for targets alone.
final class HeadLayer {
    let norm: NormLayer
    let linear: LinearLayer
    private let bench: Workbench
    private let rows: FloatBuffer
    private let logits: FloatBuffer
    private let lowRank: FloatBuffer
    /// The gradients of the head's inputs: of each target, and of each row of the pack.
    private let inputs: FloatBuffer
    private let gathered: FloatBuffer

    /// Targets that are computed at once.
    static let chunk = 128

    init(norm: NormLayer, linear: LinearLayer, bench: Workbench) throws(TrainingError) {
        (self.norm, self.linear, self.bench) = (norm, linear, bench)
        rows = try FloatBuffer(Self.chunk * linear.inputs)
        logits = try FloatBuffer(Self.chunk * linear.outputs * (linear.keepsProduct ? 2 : 1))
        lowRank = try FloatBuffer(Self.chunk * max(1, linear.change?.rank ?? 1))
        inputs = try FloatBuffer(1)
        gathered = try FloatBuffer(1)
    }

    /// The loss of each target. x: [tokens, hidden], what the last layer gave.
    func losses(
        _ x: UnsafePointer<Float>, _ targets: [Target], to losses: inout [Float], isCancelled: () -> Bool
    ) throws(TrainingError) {
        for first in stride(from: 0, to: targets.count, by: Self.chunk) {
            if isCancelled() { throw TrainingError.cancelled }
            let part = targets[first..<min(targets.count, first + Self.chunk)]
            try computeLogits(x, part)
            let (logits, vocabulary) = (logits.base, linear.outputs)
            losses.withUnsafeMutableBufferPointer { losses in
                guard let out = losses.baseAddress else { return }
                bench.rows(part.count) { range in
                    for row in range {
                        var token = part[first + row].token
                        lk_cross_entropy_loss_f32(
                            logits + row * vocabulary, 1, vocabulary, &token, out + first + row)
                    }
                }
            }
        }
    }

    /// The loss of each target, and the gradients of the sum of losses times `weights` (one for each target): that of x
    /// to `dx` [tokens, hidden], which is overwritten.
    func gradients(
        _ x: UnsafePointer<Float>, tokens: Int, _ targets: [Target], weights: [Float], to losses: inout [Float],
        dx: UnsafeMutablePointer<Float>, isCancelled: () -> Bool
    ) throws(TrainingError) {
        let hidden = linear.inputs
        try inputs.reserve(Self.chunk * hidden)
        try gathered.reserve(tokens * hidden)
        gathered.base.update(repeating: 0, count: tokens * hidden)
        for first in stride(from: 0, to: targets.count, by: Self.chunk) {
            if isCancelled() { throw TrainingError.cancelled }
            let part = targets[first..<min(targets.count, first + Self.chunk)]
            try computeLogits(x, part)
            if linear.keepsProduct {
                (logits.base + Self.chunk * linear.outputs).update(
                    from: logits.base, count: part.count * linear.outputs)
            }
            enter(part, weights: weights, to: &losses)
            try linear.backward(
                x: rows.base, y: linear.keepsProduct ? UnsafePointer(logits.base + Self.chunk * linear.outputs) : nil,
                dy: logits.base, rows: part.count, to: inputs.base, t: lowRank.base, bench)
            // In order: a row may predict two targets.
            for (index, target) in part.enumerated() {
                lk_add(gathered.base + target.row * hidden, inputs.base + index * hidden, hidden)
            }
        }
        try norm.backward(x: x, dy: gathered.base, rows: tokens, to: dx, adding: false, bench)
    }

    /// Logits of some targets, [targets, vocabulary].
    private func computeLogits(_ x: UnsafePointer<Float>, _ part: ArraySlice<Target>) throws(TrainingError) {
        let hidden = linear.inputs
        for (index, target) in part.enumerated() {
            rows.base.advanced(by: index * hidden).update(from: x + target.row * hidden, count: hidden)
        }
        norm.forward(rows.base, rows: part.count, to: rows.base, bench)
        try linear.forward(rows.base, rows: part.count, to: logits.base, t: lowRank.base, bench)
    }

    /// Logits become the gradient of the weighted loss.
    private func enter(_ part: ArraySlice<Target>, weights: [Float], to losses: inout [Float]) {
        let (logits, vocabulary) = (logits.base, linear.outputs)
        losses.withUnsafeMutableBufferPointer { losses in
            guard let out = losses.baseAddress else { return }
            bench.rows(part.count) { range in
                for row in range {
                    let place = part.startIndex + row
                    var (token, weight) = (part[place].token, weights[place])
                    lk_cross_entropy_f32(logits + row * vocabulary, 1, vocabulary, &token, &weight, out + place)
                }
            }
        }
    }
}
