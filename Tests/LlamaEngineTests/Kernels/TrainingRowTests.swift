import CKernels
import Foundation
import Testing

@Suite("Gradients of norms, activations, rotations and the loss")
struct TrainingRowTests {
    private let lengths = [1, 2, 15, 16, 17, 33, 100, 576]

    /// d f / d x[index], by central differences in f64.
    private func difference(_ x: [Float], _ index: Int, _ f: ([Double]) -> Double) -> Float {
        let step = 1e-5
        var up = x.map(Double.init), down = up
        up[index] += step
        down[index] -= step
        return Float((f(up) - f(down)) / (2 * step))
    }

    private func dot(_ x: [Double], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * Double($1.1) } }

    @Test("RMSNorm's gradients are central differences in f64")
    func norm() {
        var random = RandomFloats(seed: 81)
        let eps: Float = 1e-5
        for n in lengths {
            let x = random.array(n), weight = random.array(n), dy = random.array(n), before = random.array(n)
            let norm = { (x: [Double], weight: [Double]) -> [Double] in
                let inverse = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(n) + Double(eps)).squareRoot()
                return zip(x, weight).map { $0 * inverse * $1 }
            }
            let wanted = x.indices.map { difference(x, $0) { dot(norm($0, weight.map(Double.init)), dy) } }
            let wantedWeight = x.indices.map { difference(weight, $0) { dot(norm(x.map(Double.init), $0), dy) } }
            for forms in offeredForms {
                let training = forms.training.pointee
                var dx = [Float](repeating: 7, count: n)
                let inverse = training.rmsnorm_backward(x, weight, eps, n, dy, &dx, 0)
                #expect(relativeError(dx, wanted) < 2e-6, "\(name(forms)) \(n)")
                var sum = before
                _ = training.rmsnorm_backward(x, weight, eps, n, dy, &sum, 1)
                #expect(relativeError(sum, zip(before, dx).map { $0 + $1 }) < 1e-6, "\(name(forms)) \(n)")
                var dweight = [Float](repeating: 0, count: n)
                let half = n / 2
                training.rmsnorm_weight_gradient(x, n, [inverse], dy, n, 1, 0, half, &dweight)
                #expect(dweight[half...].allSatisfy { $0 == 0 })
                training.rmsnorm_weight_gradient(x, n, [inverse], dy, n, 1, half, n, &dweight)
                #expect(relativeError(dweight, wantedWeight) < 2e-6, "\(name(forms)) \(n)")
            }
        }
    }

    @Test("the gradient of a norm's weights is summed over rows, and the same bits however columns are shared")
    func normWeights() {
        var random = RandomFloats(seed: 82)
        let rows = 300, n = 100
        let x = random.array(rows * (n + 1)), dy = random.array(rows * (n + 2)), inverses = random.array(rows)
        var wanted = [Float](repeating: 0, count: n)
        for column in 0..<n {
            wanted[column] = Float(
                (0..<rows).reduce(0.5) {
                    $0 + Double(x[$1 * (n + 1) + column]) * Double(dy[$1 * (n + 2) + column]) * Double(inverses[$1])
                })
        }
        for forms in offeredForms {
            let run = { (cuts: [Int]) -> [Float] in
                var sums = [Float](repeating: 0.5, count: n)
                for (begin, end) in zip(cuts, cuts.dropFirst()) {
                    forms.training.pointee.rmsnorm_weight_gradient(
                        x, n + 1, inverses, dy, n + 2, rows, begin, end, &sums)
                }
                return sums
            }
            #expect(relativeError(run([0, n]), wanted) < 2e-6, "\(name(forms))")
            #expect(run([0, 3, 20, 64, n]) == run([0, n]), "\(name(forms))")
        }
    }

    @Test("SwiGLU's gradients are central differences in f64, and may overwrite what they come from")
    func swiglu() {
        var random = RandomFloats(seed: 83)
        for n in lengths {
            let gate = random.array(n, in: -8...8), up = random.array(n), dout = random.array(n)
            let value = { (g: Double, u: Double) in g / (1 + exp(-g)) * u }
            let wantedGate = gate.indices.map { i in
                difference([gate[i]], 0) { value($0[0], Double(up[i])) * Double(dout[i]) }
            }
            let wantedUp = gate.indices.map { i in
                difference([up[i]], 0) { value(Double(gate[i]), $0[0]) * Double(dout[i]) }
            }
            for forms in offeredForms {
                let training = forms.training.pointee
                var dgate = [Float](repeating: 7, count: n), dup = dgate
                training.swiglu_backward(gate, up, dout, n, &dgate, &dup)
                #expect(relativeError(dgate, wantedGate) < 2e-6, "\(name(forms)) \(n)")
                #expect(relativeError(dup, wantedUp) < 2e-6, "\(name(forms)) \(n)")
                var inPlace = (gate: gate, up: up)
                inPlace.gate.withUnsafeMutableBufferPointer { gate in
                    inPlace.up.withUnsafeMutableBufferPointer { up in
                        training.swiglu_backward(
                            gate.baseAddress, up.baseAddress, dout, n, gate.baseAddress, up.baseAddress)
                    }
                }
                #expect(inPlace.gate == dgate && inPlace.up == dup, "\(name(forms)) \(n)")
            }
        }
    }

    @Test("at the ends of the range SwiGLU's gradients are finite")
    func swigluEnds() {
        let gate: [Float] = [-1000, -100, -90, -20, 0, 20, 90, 100, 1000] + [Float](repeating: 0, count: 7)
        for forms in offeredForms {
            var dgate = [Float](repeating: 7, count: 16), dup = dgate
            let ones = [Float](repeating: 1, count: 16)
            forms.training.pointee.swiglu_backward(gate, ones, ones, 16, &dgate, &dup)
            #expect(dgate.allSatisfy(\.isFinite) && dup.allSatisfy(\.isFinite), "\(name(forms))")
            #expect(abs(dgate[8] - 1) < 1e-6 && abs(dgate[0]) < 1e-6 && dup[8] == 1000, "\(name(forms))")
        }
    }

    @Test("the rotations' gradients turn back what the rotations turned")
    func rope() {
        var random = RandomFloats(seed: 84)
        let heads = 3, dimension = 10, rotary = 8
        let x = random.array(heads * dimension), angles = random.array(rotary / 2, in: -3...3)
        let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
        var turned = x
        lk_rope_interleaved(&turned, heads, dimension, rotary, cosines, sines)
        lk_rope_interleaved_backward(&turned, heads, dimension, rotary, cosines, sines)
        #expect(relativeError(turned, x) < 1e-6)
        turned = x
        lk_rope_half(&turned, heads, dimension, rotary, cosines, sines)
        lk_rope_half_backward(&turned, heads, dimension, rotary, cosines, sines)
        #expect(relativeError(turned, x) < 1e-6)
    }

    @Test("the loss is cross entropy in f64, and its gradient the central differences")
    func crossEntropy() {
        var random = RandomFloats(seed: 85)
        for vocabulary in [1, 2, 15, 16, 33, 100] {
            let rows = 3
            let logits = random.array(rows * vocabulary, in: -6...6), weights: [Float] = [0.5, -2, 0]
            let targets = (0..<rows).map { Int32(($0 * 7 + vocabulary - 1) % vocabulary) }
            let loss = { (x: [Double], target: Int32) in log(x.reduce(0) { $0 + exp($1) }) - x[Int(target)] }
            var wanted: [Float] = []
            var wantedLosses: [Float] = []
            for row in 0..<rows {
                let own = Array(logits[row * vocabulary..<(row + 1) * vocabulary])
                wantedLosses.append(Float(loss(own.map(Double.init), targets[row])))
                wanted += own.indices.map { index in
                    difference(own, index) { loss($0, targets[row]) * Double(weights[row]) }
                }
            }
            for forms in offeredForms {
                let training = forms.training.pointee
                var losses = [Float](repeating: 7, count: rows), alone = losses, gradient = logits
                training.cross_entropy_loss_f32(logits, rows, vocabulary, targets, &alone)
                training.cross_entropy_f32(&gradient, rows, vocabulary, targets, weights, &losses)
                #expect(relativeError(losses, wantedLosses) < 1e-6, "\(name(forms)) \(vocabulary)")
                #expect(alone == losses, "\(name(forms)) \(vocabulary)")
                #expect(relativeError(gradient, wanted) < 2e-6, "\(name(forms)) \(vocabulary)")
            }
        }
    }

    @Test("the loss of a large vocabulary keeps its precision, and large logits do not overflow")
    func largeVocabulary() {
        var random = RandomFloats(seed: 86)
        let vocabulary = 49_152
        let logits = random.array(vocabulary, in: 980...1000)
        let largest = logits.map(Double.init).max()!
        let wanted = largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) }) - Double(logits[77])
        for forms in offeredForms {
            var loss: Float = 0
            forms.training.pointee.cross_entropy_loss_f32(logits, 1, vocabulary, [77], &loss)
            #expect(abs(Double(loss) - wanted) < 1e-4, "\(name(forms))")
        }
    }
}
