import CKernels
import Checkpoints

/// A layer of the decoder: x + o(attention(norm(x))), and of that y: y + down(swiglu(gate, up of norm(y))).
/// All [tokens, ...].
struct DecoderLayer {
    let configuration: ModelConfiguration
    let attentionNorm: NormLayer
    let query: LinearLayer
    let key: LinearLayer
    let value: LinearLayer
    let attention: AttentionLayer
    let output: LinearLayer
    let feedForwardNorm: NormLayer
    let gate: LinearLayer
    let up: LinearLayer
    let down: LinearLayer

    var linears: [LinearLayer] { [query, key, value, output, gate, up, down] }

    /// - Parameters:
    ///   - x: the layer's input.
    ///   - next: its output, apart from x; nil computes what the way back needs and no more.
    func forward(
        _ x: UnsafePointer<Float>, to next: UnsafeMutablePointer<Float>?, _ kept: LayerActivations, _ pass: Pass
    ) throws(TrainingError) {
        let (pack, bench, scratch) = (pass.pack, pass.bench, pass.scratch)
        let tokens = pack.tokens.count
        attentionNorm.forward(x, rows: tokens, to: scratch.normed, bench)
        try query.forward(scratch.normed, rows: tokens, to: kept.queryProduct, t: kept.t(.query), bench)
        try key.forward(scratch.normed, rows: tokens, to: kept.keyProduct, t: kept.t(.key), bench)
        try value.forward(scratch.normed, rows: tokens, to: kept.v, t: kept.t(.value), bench)
        attention.turn(
            kept.queryProduct, heads: configuration.heads, norm: attention.queryNorm, tokens: tokens, to: kept.q,
            pass.rotations, bench)
        attention.turn(
            kept.keyProduct, heads: configuration.keyValueHeads, norm: attention.keyNorm, tokens: tokens, to: kept.k,
            pass.rotations, bench)
        attention.forward(q: kept.q, k: kept.k, v: kept.v, pack, to: kept.attended, sums: kept.sums, bench)
        try add(
            output, of: kept.attended, to: x, product: kept.outputProduct, t: kept.t(.output), sum: kept.middle, pass)

        feedForwardNorm.forward(kept.middle, rows: tokens, to: scratch.normed, bench)
        try gate.forward(scratch.normed, rows: tokens, to: kept.gate, t: kept.t(.gate), bench)
        try up.forward(scratch.normed, rows: tokens, to: kept.up, t: kept.t(.up), bench)
        guard next != nil || down.change != nil else { return }
        FeedForwardLayer.forward(
            gate: kept.gate, up: kept.up, tokens: tokens, width: configuration.feedForward, to: scratch.activated,
            bench)
        try add(
            down, of: scratch.activated, to: kept.middle, product: kept.downProduct, t: kept.t(.down),
            sum: next ?? scratch.dnormed, pass)
    }

    /// sum = x + product of `input`.
    private func add(
        _ linear: LinearLayer, of input: UnsafePointer<Float>, to x: UnsafePointer<Float>,
        product: UnsafeMutablePointer<Float>, t: UnsafeMutablePointer<Float>, sum: UnsafeMutablePointer<Float>,
        _ pass: Pass
    ) throws(TrainingError) {
        let tokens = pass.pack.tokens.count
        let hidden = configuration.hidden
        pass.bench.rows(tokens, grain: 16) { part in
            let place = part.lowerBound * hidden
            (sum + place).update(from: x + place, count: part.count * hidden)
        }
        if linear.keepsProduct {
            try linear.forward(input, rows: tokens, to: product, t: t, pass.bench)
            pass.bench.rows(tokens, grain: 16) { part in
                let place = part.lowerBound * hidden
                lk_add(sum + place, product + place, part.count * hidden)
            }
        } else {
            try linear.forward(input, rows: tokens, to: sum, adding: true, t: t, pass.bench)
        }
    }

    /// From the gradient of the layer's output, in the pass's `dx`, to that of its input, in the same place.
    /// - Parameter isLowest: nothing below is trained: the gradient of the input is not wanted.
    func backward(
        _ x: UnsafePointer<Float>, _ kept: LayerActivations, isLowest: Bool, _ pass: Pass
    ) throws(TrainingError) {
        try backwardFeedForward(kept, pass)
        try backwardAttention(x, kept, isLowest: isLowest, pass)
    }

    private func backwardFeedForward(_ kept: LayerActivations, _ pass: Pass) throws(TrainingError) {
        let (bench, scratch) = (pass.bench, pass.scratch)
        let tokens = pass.pack.tokens.count
        let width = configuration.feedForward
        FeedForwardLayer.forward(
            gate: kept.gate, up: kept.up, tokens: tokens, width: width, to: scratch.activated, bench)
        try down.backward(
            x: scratch.activated, y: kept.downProduct, dy: scratch.dx, rows: tokens, to: scratch.dactivated,
            t: kept.t(.down), bench)
        // SwiGLU's output and its gradient have been read: theirs is the place of the gate's and up's gradients.
        let (dgate, dup) = (scratch.activated, scratch.dactivated)
        FeedForwardLayer.backward(
            gate: kept.gate, up: kept.up, dy: scratch.dactivated, tokens: tokens, width: width, dgate: dgate, dup: dup,
            bench)
        feedForwardNorm.forward(kept.middle, rows: tokens, to: scratch.normed, bench)
        try gate.backward(
            x: scratch.normed, y: kept.gate, dy: dgate, rows: tokens, to: scratch.dnormed, t: kept.t(.gate), bench)
        try up.backward(
            x: scratch.normed, y: kept.up, dy: dup, rows: tokens, to: scratch.dnormed, adding: true, t: kept.t(.up),
            bench)
        try feedForwardNorm.backward(
            x: kept.middle, dy: scratch.dnormed, rows: tokens, to: scratch.dx, adding: true, bench)
    }

    private func backwardAttention(
        _ x: UnsafePointer<Float>, _ kept: LayerActivations, isLowest: Bool, _ pass: Pass
    ) throws(TrainingError) {
        let (bench, scratch) = (pass.bench, pass.scratch)
        let tokens = pass.pack.tokens.count
        try output.backward(
            x: kept.attended, y: kept.outputProduct, dy: scratch.dx, rows: tokens, to: scratch.dattended,
            t: kept.t(.output), bench)
        attention.backward(
            q: kept.q, k: kept.k, v: kept.v, pass.pack, out: kept.attended, sums: kept.sums, dout: scratch.dattended,
            dq: scratch.dq, dk: scratch.dk, dv: scratch.dv, bench)
        try attention.turnBack(
            scratch.dq, products: kept.queryProduct, heads: configuration.heads, norm: attention.queryNorm,
            tokens: tokens, pass.rotations, bench)
        try attention.turnBack(
            scratch.dk, products: kept.keyProduct, heads: configuration.keyValueHeads, norm: attention.keyNorm,
            tokens: tokens, pass.rotations, bench)
        attentionNorm.forward(x, rows: tokens, to: scratch.normed, bench)
        let dnormed = isLowest ? nil : scratch.dnormed
        try query.backward(
            x: scratch.normed, y: kept.queryProduct, dy: scratch.dq, rows: tokens, to: dnormed, t: kept.t(.query),
            bench)
        try key.backward(
            x: scratch.normed, y: kept.keyProduct, dy: scratch.dk, rows: tokens, to: dnormed, adding: true,
            t: kept.t(.key), bench)
        try value.backward(
            x: scratch.normed, y: kept.v, dy: scratch.dv, rows: tokens, to: dnormed, adding: true, t: kept.t(.value),
            bench)
        guard !isLowest else { return }
        try attentionNorm.backward(
            x: x, dy: scratch.dnormed, rows: tokens, to: scratch.dx, adding: true, bench)
    }
}

/// The things that the layers of one pass share.
struct Pass {
    let pack: Pack
    let rotations: Rotations
    let scratch: PassScratch
    let bench: Workbench
}
