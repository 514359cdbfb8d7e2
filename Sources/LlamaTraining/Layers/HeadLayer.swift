import CKernels
import LlamaEngine

/// The share of each target's loss in the step's.
enum TargetWeights {
    case equal(Float)
    case ofLosses((_ losses: [Float]) -> [Float])
}

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

    /// The loss of each target. x: [tokens, hidden], the last layer's output.
    func losses(
        _ x: UnsafePointer<Float>, _ targets: [Target], isCancelled: () -> Bool
    ) throws(TrainingError) -> [Float] {
        var losses = [Float](repeating: 0, count: targets.count)
        for part in Self.chunks(targets) {
            if isCancelled() { throw TrainingError.cancelled }
            try computeLogits(x, part)
            let (logits, vocabulary) = (logits.base, linear.outputs)
            losses.withUnsafeMutableBufferPointer { losses in
                guard let out = losses.baseAddress else { return }
                bench.rows(part.count) { range in
                    for row in range {
                        let place = part.startIndex + row
                        var token = part[place].token
                        lk_cross_entropy_loss_f32(logits + row * vocabulary, 1, vocabulary, &token, out + place)
                    }
                }
            }
        }
        return losses
    }

    /// The loss of each target, and the gradients of the sum of losses times their weights: that of x to `dx`
    /// [tokens, hidden], which is overwritten.
    ///
    /// Weights that the losses decide scale the inputs' gradients behind the head where that is frozen: each target's
    /// is its own. Otherwise the losses are computed first.
    func gradients(
        _ x: UnsafePointer<Float>, tokens: Int, _ targets: [Target], _ weights: TargetWeights,
        dx: UnsafeMutablePointer<Float>, isCancelled: () -> Bool
    ) throws(TrainingError) -> [Float] {
        let hidden = linear.inputs
        let known: [Float]?
        switch weights {
        case .equal(let weight): known = [Float](repeating: weight, count: targets.count)
        case .ofLosses(let weigh):
            known = isFrozen ? nil : weigh(try losses(x, targets, isCancelled: isCancelled))
        }
        let ones = known ?? [Float](repeating: 1, count: targets.count)
        var losses = [Float](repeating: 0, count: targets.count)
        try inputs.reserve((known == nil ? targets.count : Self.chunk) * hidden)
        try gathered.reserve(tokens * hidden)
        gathered.base.update(repeating: 0, count: tokens * hidden)
        for part in Self.chunks(targets) {
            if isCancelled() { throw TrainingError.cancelled }
            let place = inputs.base + (known == nil ? part.startIndex * hidden : 0)
            try computeGradients(x, part, weights: ones, to: &losses, inputs: place)
            if known != nil { gather(part, from: place) }
        }
        if known == nil, case .ofLosses(let weigh) = weights {
            for (index, weight) in weigh(losses).enumerated() {
                for place in index * hidden..<(index + 1) * hidden { inputs.base[place] *= weight }
            }
            gather(targets[...], from: inputs.base)
        }
        try norm.backward(x: x, dy: gathered.base, rows: tokens, to: dx, adding: false, bench)
        return losses
    }

    private var isFrozen: Bool { linear.change == nil && linear.weightParameter == nil }

    private static func chunks(_ targets: [Target]) -> [ArraySlice<Target>] {
        stride(from: 0, to: targets.count, by: chunk).map { targets[$0..<min(targets.count, $0 + chunk)] }
    }

    /// Adds the gradients of the head's inputs to those of the pack's rows, in order: a row may predict two targets.
    private func gather(_ part: ArraySlice<Target>, from source: UnsafePointer<Float>) {
        let hidden = linear.inputs
        for (index, target) in part.enumerated() {
            lk_add(gathered.base + target.row * hidden, source + index * hidden, hidden)
        }
    }

    private func computeGradients(
        _ x: UnsafePointer<Float>, _ part: ArraySlice<Target>, weights: [Float], to losses: inout [Float],
        inputs: UnsafeMutablePointer<Float>
    ) throws(TrainingError) {
        try computeLogits(x, part)
        var product: UnsafePointer<Float>?
        if linear.keepsProduct {
            let copy = logits.base + Self.chunk * linear.outputs
            copy.update(from: logits.base, count: part.count * linear.outputs)
            product = UnsafePointer(copy)
        }
        enter(part, weights: weights, to: &losses)
        try linear.backward(
            x: rows.base, y: product, dy: logits.base, rows: part.count, to: inputs, t: lowRank.base, bench)
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
