import CKernels
import Checkpoints
import LlamaEngine
import ModelFixtures
import Parallel
import Testing

@testable import LlamaTraining

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Each layer's gradients beside central finite differences, in f64, of its formula written plainly: the derivative of
/// Σ dy · layer(x).
@Suite("Gradients of each layer beside finite differences in f64", .offPool)
struct LayerGradientTests {
    private static let tolerance = 1e-6

    private let bench: Workbench
    private var random = SplitMix64(seed: 20)

    init() throws {
        bench = try Workbench(pool: ThreadPool(threads: 2), headDimension: 64, backwardScratch: 1 << 16)
    }

    private mutating func numbers(_ count: Int, _ size: Double = 1) -> [Float] {
        (0..<count).map { _ in Float((2 * random.nextUnit() - 1) * size) }
    }

    /// Holds a gradient against the slope of `loss` at `x`, by the size of their difference.
    private func check(
        _ found: [Float], at x: [Float], _ name: String, _ loss: ([Double]) -> Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var point = x.map(Double.init)
        var (difference, size) = (0.0, 0.0)
        for index in point.indices {
            let value = point[index]
            let step = 1e-4
            point[index] = value + step
            let above = loss(point)
            point[index] = value - step
            let below = loss(point)
            point[index] = value + 2 * step
            let farAbove = loss(point)
            point[index] = value - 2 * step
            let farBelow = loss(point)
            point[index] = value
            let slope = (8 * (above - below) - (farAbove - farBelow)) / (12 * step)
            difference += (slope - Double(found[index])) * (slope - Double(found[index]))
            size += slope * slope
        }
        let relative = (difference / max(size, 1e-300)).squareRoot()
        #expect(relative < Self.tolerance, "\(name)", sourceLocation: sourceLocation)
    }

    private func dot(_ a: [Float], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 } }

    private static func norm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
        let width = weight.count
        return stride(from: 0, to: x.count, by: width).flatMap { start in
            let row = x[start..<start + width]
            let inverse = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + epsilon).squareRoot()
            return zip(row, weight).map { $0 * $1 * inverse }
        }
    }

    @Test("RMSNorm, its input and its weight")
    mutating func norms() throws {
        let (rows, width) = (5, 40)
        let (x, weight, dy) = (numbers(rows * width), numbers(width), numbers(rows * width))
        let parameter = try Parameter("w", [width], hasMoments: false)
        parameter.fill(parameter.values, from: weight)
        parameter.clearGradient()
        let layer = NormLayer(weight: parameter.values, width: width, epsilon: 1e-5, parameter: parameter)
        var dx = [Float](repeating: 0, count: x.count)
        try layer.backward(x: x, dy: dy, rows: rows, to: &dx, adding: false, bench)
        let (xs, weights) = (x.map(Double.init), weight.map(Double.init))
        check(dx, at: x, "dx") { dot(dy, Self.norm($0, weights, epsilon: Double(Float(1e-5)))) }
        check(gradient(parameter), at: weight, "dw") { dot(dy, Self.norm(xs, $0, epsilon: Double(Float(1e-5)))) }
    }

    private func gradient(_ parameter: Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
    }

    @Test("SwiGLU, gate and up")
    mutating func swiglu() {
        let (tokens, width) = (3, 37)
        let (gate, up, dy) = (numbers(tokens * width, 4), numbers(tokens * width), numbers(tokens * width))
        var dgate = [Float](repeating: 0, count: gate.count)
        var dup = dgate
        FeedForwardLayer.backward(
            gate: gate, up: up, dy: dy, tokens: tokens, width: width, dgate: &dgate, dup: &dup, bench)
        func value(_ gate: [Double], _ up: [Double]) -> [Double] { zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 } }
        check(dgate, at: gate, "dgate") { dot(dy, value($0, up.map(Double.init))) }
        check(dup, at: up, "dup") { dot(dy, value(gate.map(Double.init), $0)) }
    }

    private func configuration(_ order: RopeConfiguration.Order) throws -> ModelConfiguration {
        var configuration = try TinyModel.load("llama").configuration
        configuration.heads = 4
        configuration.keyValueHeads = 2
        configuration.headDimension = 8
        configuration.rope.dimension = 8
        configuration.rope.order = order
        return configuration
    }

    private static let pack: Pack = {
        var pack = Pack()
        pack.add(TinyModel.rows([7])[0], example: 0)
        pack.add(PreferencePair(prompt: [1, 2, 3], chosen: [4, 5, 6], rejected: [7, 8, 9, 10]), example: 1)
        return pack
    }()

    /// softmax(q kᵀ / √d) v over the tokens that each token sees.
    private static func attention(
        _ q: [Double], _ k: [Double], _ v: [Double], _ configuration: ModelConfiguration
    ) -> [Double] {
        let (heads, groups, width) = (configuration.heads, configuration.keyValueHeads, configuration.headDimension)
        var out = [Double](repeating: 0, count: q.count)
        for sequence in pack.sequences {
            for token in sequence {
                let seen = sequence.filter { other in
                    other < Int(pack.prefixEnd[token]) || (other >= Int(pack.own[token]) && other <= token)
                }
                for head in 0..<heads {
                    let group = head / (heads / groups)
                    let scores = seen.map { other in
                        (0..<width).reduce(0.0) {
                            $0 + q[(token * heads + head) * width + $1] * k[(other * groups + group) * width + $1]
                        } / Double(width).squareRoot()
                    }
                    let sum = scores.reduce(0) { $0 + exp($1) }
                    for (other, score) in zip(seen, scores) {
                        for index in 0..<width {
                            out[(token * heads + head) * width + index] +=
                                exp(score) / sum * v[(other * groups + group) * width + index]
                        }
                    }
                }
            }
        }
        return out
    }

    @Test("attention over a row and a pair that shares its prompt: queries, keys and values")
    mutating func attention() throws {
        let configuration = try configuration(.half)
        let layer = AttentionLayer(configuration: configuration, queryNorm: nil, keyNorm: nil)
        let tokens = Self.pack.tokens.count
        let (q, k, v) = (numbers(tokens * 32, 2), numbers(tokens * 16, 2), numbers(tokens * 16))
        let dout = numbers(tokens * 32)
        var out = [Float](repeating: 0, count: q.count)
        var sums = [Float](repeating: 0, count: tokens * 4)
        layer.forward(q: q, k: k, v: v, Self.pack, to: &out, sums: &sums, bench)
        let (qs, ks, vs) = (q.map(Double.init), k.map(Double.init), v.map(Double.init))
        let plain = Self.attention(qs, ks, vs, configuration)
        #expect(zip(out, plain).allSatisfy { abs(Double($0) - $1) < 1e-6 })
        var dq = [Float](repeating: 9, count: q.count)
        var (dk, dv) = ([Float](repeating: 9, count: k.count), [Float](repeating: 9, count: v.count))
        layer.backward(
            q: q, k: k, v: v, Self.pack, out: out, sums: sums, dout: dout, dq: &dq, dk: &dk, dv: &dv, bench)
        check(dq, at: q, "dq") { dot(dout, Self.attention($0, ks, vs, configuration)) }
        check(dk, at: k, "dk") { dot(dout, Self.attention(qs, $0, vs, configuration)) }
        check(dv, at: v, "dv") { dot(dout, Self.attention(qs, ks, $0, configuration)) }
    }

    @Test("norm and rotation of heads, in both orders", arguments: [RopeConfiguration.Order.half, .interleaved])
    mutating func rotation(order: RopeConfiguration.Order) throws {
        let configuration = try configuration(order)
        let tokens = Self.pack.tokens.count
        let (products, weight, dy) = (numbers(tokens * 32), numbers(8), numbers(tokens * 32))
        let norm = weight.withUnsafeBufferPointer {
            $0.baseAddress.map { NormLayer(weight: $0, width: 8, epsilon: 1e-5, parameter: nil) }
        }
        let layer = AttentionLayer(configuration: configuration, queryNorm: norm, keyNorm: nil)
        let rotations = try Rotations()
        try rotations.fill(Self.pack.positions, pairs: 4, table: RopeTable(configuration.rope), bench)
        var dx = dy
        try withExtendedLifetime(weight) {
            try layer.turnBack(
                &dx, products: products, heads: 4, norm: norm, tokens: tokens, rotations, bench)
        }
        check(dx, at: products, "dx") { x in
            var turned = Self.norm(x, weight.map(Double.init), epsilon: Double(Float(1e-5)))
            for token in 0..<tokens {
                for head in 0..<4 {
                    for pair in 0..<4 {
                        let start = (token * 4 + head) * 8
                        let (a, b) =
                            order == .half ? (start + pair, start + pair + 4) : (start + 2 * pair, start + 2 * pair + 1)
                        let cosine = Double(rotations.cosines[token * 4 + pair])
                        let sine = Double(rotations.sines[token * 4 + pair])
                        let (first, second) = (turned[a], turned[b])
                        turned[a] = first * cosine - second * sine
                        turned[b] = first * sine + second * cosine
                    }
                }
            }
            return dot(dy, turned)
        }
    }

    /// x Wᵀ + s (x Aᵀ) Bᵀ; W: [outputs, inputs], A: [rank, inputs], B transposed: [rank, outputs].
    private static func linear(
        _ x: [Double], _ w: [Double], _ a: [Double], _ b: [Double], inputs: Int, outputs: Int, rank: Int, scale: Double
    ) -> [Double] {
        stride(from: 0, to: x.count, by: inputs).flatMap { start in
            let row = x[start..<start + inputs]
            let t = (0..<rank).map { k in zip(row, a[k * inputs..<(k + 1) * inputs]).reduce(0) { $0 + $1.0 * $1.1 } }
            return (0..<outputs).map { output in
                let product = zip(row, w[output * inputs..<(output + 1) * inputs]).reduce(0) { $0 + $1.0 * $1.1 }
                return product + scale * (0..<rank).reduce(0) { $0 + t[$1] * b[$1 * outputs + output] }
            }
        }
    }

    private static let (rows, inputs, outputs, rank) = (6, 32, 40, 3)

    @Test("a product with LoRA, and with DoRA whose norm is a constant: x, A, B and m", arguments: [false, true])
    mutating func lowRank(isDoRA: Bool) throws {
        let (rows, inputs, outputs, rank) = (Self.rows, Self.inputs, Self.outputs, Self.rank)
        var settings = TrainingSettings()
        settings.algorithm = isDoRA ? .dora : .lora
        settings.rank = rank
        settings.alpha = 2
        let (x, w, b, dy) = (
            numbers(rows * inputs), numbers(outputs * inputs), numbers(rank * outputs), numbers(rows * outputs)
        )
        let weight = try Parameter("w", [outputs, inputs], layout: .panels, hasMoments: false)
        weight.fill(weight.values, from: w)
        let change = try LowRankChange(
            .query, layer: 0, settings: settings, inputs: inputs, outputs: outputs, hasMoments: false)
        change.b.fill(change.b.values, from: b)
        change.measure(weight.matrix(), bench)
        try change.prepare(weight.matrix(), bench)
        for parameter in change.parameters { parameter.clearGradient() }
        let layer = LinearLayer(matrix: weight.matrix(), change: change)
        var y = [Float](repeating: 0, count: rows * outputs)
        var t = [Float](repeating: 0, count: rows * rank)
        var dx = [Float](repeating: 0, count: x.count)
        try layer.forward(x, rows: rows, to: &y, t: &t, bench)
        try layer.backward(x: x, y: y, dy: dy, rows: rows, to: &dx, t: &t, bench)
        let a = change.a.released(change.a.values)
        let (xs, ws, ad, bs) = (x.map(Double.init), w.map(Double.init), a.map(Double.init), b.map(Double.init))
        // The norm of each output's W + s B A, plainly.
        let scale = Double(settings.scale)
        let norms = (0..<outputs).map { output in
            (0..<inputs).reduce(0.0) { sum, input in
                let value = (0..<rank).reduce(ws[output * inputs + input]) {
                    $0 + scale * bs[$1 * outputs + output] * ad[$1 * inputs + input]
                }
                return sum + value * value
            }.squareRoot()
        }
        let m = change.magnitude.map { $0.parameter.released($0.parameter.values) } ?? []
        func value(_ x: [Double], _ a: [Double], _ b: [Double], _ m: [Double]) -> [Double] {
            let plain = Self.linear(
                x, ws, a, b, inputs: inputs, outputs: outputs, rank: rank, scale: Double(settings.scale))
            return m.isEmpty ? plain : plain.enumerated().map { $1 * m[$0 % outputs] / norms[$0 % outputs] }
        }
        let ms = m.map(Double.init)
        #expect(zip(y, value(xs, ad, bs, ms)).allSatisfy { abs(Double($0) - $1) < 1e-5 })
        check(dx, at: x, "dx") { dot(dy, value($0, ad, bs, ms)) }
        check(gradient(change.a), at: a, "dA") { dot(dy, value(xs, $0, bs, ms)) }
        check(gradient(change.b), at: b, "dB") { dot(dy, value(xs, ad, $0, ms)) }
        if let magnitude = change.magnitude {
            check(gradient(magnitude.parameter), at: m, "dm") { dot(dy, value(xs, ad, bs, $0)) }
        }
    }

    @Test("a product that is trained whole: x, W and b")
    mutating func whole() throws {
        let (rows, inputs, outputs) = (Self.rows, Self.inputs, Self.outputs)
        let (x, w, dy) = (numbers(rows * inputs), numbers(outputs * inputs), numbers(rows * outputs))
        let weight = try Parameter("w", [outputs, inputs], layout: .panels, hasMoments: false)
        weight.fill(weight.values, from: w)
        let bias = try Parameter("b", [outputs], hasMoments: false)
        for parameter in [weight, bias] { parameter.clearGradient() }
        let layer = LinearLayer(matrix: weight.matrix(), bias: bias.values, weight: weight, biasParameter: bias)
        var dx = [Float](repeating: 0, count: x.count)
        var t: [Float] = [0]
        try layer.backward(x: x, y: nil, dy: dy, rows: rows, to: &dx, t: &t, bench)
        let (xs, ws) = (x.map(Double.init), w.map(Double.init))
        func value(_ x: [Double], _ w: [Double]) -> [Double] {
            Self.linear(x, w, [], [], inputs: inputs, outputs: outputs, rank: 0, scale: 0)
        }
        check(dx, at: x, "dx") { dot(dy, value($0, ws)) }
        check(gradient(weight), at: w, "dW") { dot(dy, value(xs, $0)) }
        let zeroes = [Float](repeating: 0, count: outputs)
        check(gradient(bias), at: zeroes, "db") { b in
            dot(dy, (0..<rows * outputs).map { b[$0 % outputs] })
        }
    }

    @Test("the head and its cross entropy, where one row predicts two targets")
    mutating func head() throws {
        let (tokens, hidden, vocabulary) = (4, 32, 64)
        let (x, w, norm) = (numbers(tokens * hidden), numbers(vocabulary * hidden), numbers(hidden))
        let weight = try Parameter("w", [vocabulary, hidden], layout: .panels, hasMoments: false)
        weight.fill(weight.values, from: w)
        let targets = [(0, 3), (2, 9), (2, 60), (3, 1)].enumerated().map {
            Target(row: $1.0, token: Int32($1.1), text: $0)
        }
        let weights: [Float] = [0.5, -0.25, 1, 0.125]
        let (ws, norms) = (w.map(Double.init), norm.map(Double.init))
        func losses(_ x: [Double]) -> [Double] {
            let normed = Self.norm(x, norms, epsilon: Double(Float(1e-5)))
            let logits = Self.linear(normed, ws, [], [], inputs: hidden, outputs: vocabulary, rank: 0, scale: 0)
            return targets.map { target in
                let row = logits[target.row * vocabulary..<(target.row + 1) * vocabulary]
                return log(row.reduce(0) { $0 + exp($1) }) - row[row.startIndex + Int(target.token)]
            }
        }
        try norm.withUnsafeBufferPointer { norm in
            let base = try #require(norm.baseAddress)
            let layer = try HeadLayer(
                norm: NormLayer(weight: base, width: hidden, epsilon: 1e-5, parameter: nil),
                linear: LinearLayer(matrix: weight.matrix()), bench: bench)
            var dx = [Float](repeating: 9, count: x.count)
            let found = try layer.gradients(
                x, tokens: tokens, targets, .ofLosses { _ in weights }, dx: &dx, isCancelled: { false })
            let plain = losses(x.map(Double.init))
            #expect(zip(found, plain).allSatisfy { abs(Double($0) - $1) < 1e-5 })
            check(dx, at: x, "dx") { dot(weights, losses($0)) }
            #expect(try layer.losses(x, targets) { false } == found)
        }
    }

    @Test("the losses of preferences have the slopes that they say")
    func preferences() {
        for (clip, epsilon, gamma) in [(0, 0, 0), (2, 0, 0), (0, 0.2, 0), (0, 0, 0.5), (1.5, 0.1, 0.3)]
            as [(Float, Float, Float)]
        {
            var settings = PreferenceSettings()
            (settings.rewardClip, settings.epsilon, settings.gamma) = (clip, epsilon, gamma)
            let loss = PreferenceLoss(settings: settings)
            for z in [-1.9, -0.7, 0, 0.4, 1.2] where clip == 0 || abs(z) < Double(clip) {
                let u = z - Double(gamma)
                let sigma = 1 / (1 + exp(-u))
                let e = Double(epsilon)
                #expect(abs(loss.value(z).loss - (-(1 - e) * log(sigma) - e * log(1 - sigma))) < 1e-12)
                let slope = (loss.value(z + 1e-5).loss - loss.value(z - 1e-5).loss) / 2e-5
                #expect(abs(loss.value(z).slope - slope) < 1e-9)
            }
            if clip > 0 {
                #expect(loss.value(Double(clip) + 1).slope == 0)
                #expect(loss.value(-Double(clip) - 1).slope == loss.value(-Double(clip)).slope)
            }
        }
    }
}
