import CKernels
import Testing

@testable import LlamaEngine

/// Lends working memory of the training kernels, on its boundary, full of what nothing may depend on.
func withTrainingScratch<R>(headDimension: Int = 0, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
    let count = lk_training_scratch(headDimension)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    defer { memory.deallocate() }
    let floats = memory.bindMemory(to: Float.self, capacity: count)
    floats.initialize(repeating: .nan, count: count)
    return body(floats)
}

@Suite("Products of the backward pass")
struct TrainingProductTests {
    private func shapes(_ type: lk_type) -> [(outputs: Int, inputs: Int)] {
        lk_block_size(type) == 256
            ? [(32, 256), (33, 512), (7, 768)]
            : [(1, 32), (32, 32), (33, 64), (7, 96), (64, 288), (49, 576), (801, 160)]
    }

    /// dx [rows, inputs of the strips + 1] of one form, over 7 in every place.
    private func backward(
        _ forms: lk_variants, _ weights: PackedWeights, _ dy: [Float], rows: Int, strips: Range<Int>? = nil,
        over before: Float? = nil
    ) -> [Float] {
        var matrix = weights.matrix
        let strips = strips ?? 0..<weights.inputs / 32
        let width = strips.count * 32 + 1
        var dx = [Float](repeating: before ?? 7, count: rows * width)
        withTrainingScratch { scratch in
            forms.training.pointee.panel_backward_f32(
                &matrix, strips.lowerBound, strips.upperBound, dy, weights.outputs + 3, rows, &dx, width,
                before == nil ? 0 : 1, scratch)
        }
        return dx
    }

    /// The same in f64 from decoded weights.
    private func gradient(_ weights: PackedWeights, _ dy: [Float], rows: Int) -> [Float] {
        let decoded = weights.decoded()
        return (0..<rows).flatMap { row in
            var sums = [Double](repeating: 0, count: weights.inputs)
            for output in 0..<weights.outputs {
                let factor = Double(dy[row * (weights.outputs + 3) + output])
                for input in 0..<weights.inputs {
                    sums[input] += factor * Double(decoded[output * weights.inputs + input])
                }
            }
            return sums.map(Float.init) + [7]
        }
    }

    @Test("the gradient of a product's input is that of the decoded weights", arguments: panelTypes.map(\.name))
    func inputGradient(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 61)
        for shape in shapes(type) {
            let weights = PackedWeights(type, outputs: shape.outputs, inputs: shape.inputs, &random)
            for rows in [1, 2, 5, 6, 7, 12, 13] {
                let dy = random.array(rows * (shape.outputs + 3))
                let wanted = gradient(weights, dy, rows: rows)
                for forms in offeredForms {
                    let error = relativeError(backward(forms, weights, dy, rows: rows), wanted)
                    #expect(error < 2e-6, "\(name(forms)) \(shape) \(rows) rows")
                }
            }
        }
    }

    @Test("the gradient of an input can be added to what is there")
    func added() {
        var random = RandomFloats(seed: 62)
        let weights = PackedWeights(LK_Q4_1, outputs: 500, inputs: 96, &random), dy = random.array(5 * 503)
        for forms in offeredForms {
            let alone = backward(forms, weights, dy, rows: 5)
            let wanted = alone.indices.map { $0 % 97 == 96 ? 2 : alone[$0] + 2 }
            #expect(relativeError(backward(forms, weights, dy, rows: 5, over: 2), wanted) < 1e-6, "\(name(forms))")
        }
    }

    @Test("a row's gradient is the same bits alone, and in any strips")
    func inputGradientInParts() {
        var random = RandomFloats(seed: 63)
        let outputs = 801, rows = 27, width = 289
        let weights = PackedWeights(LK_Q8_0, outputs: outputs, inputs: 288, &random)
        let dy = random.array(rows * (outputs + 3))
        for forms in fastForms {
            let whole = backward(forms, weights, dy, rows: rows)
            for row in 0..<rows {
                let own = Array(dy[row * (outputs + 3)..<(row + 1) * (outputs + 3)])
                #expect(
                    backward(forms, weights, own, rows: 1) == Array(whole[row * width..<(row + 1) * width]),
                    "\(name(forms)) row \(row)")
            }
            for strips in [0..<1, 1..<3, 2..<7, 3..<8, 8..<9, 4..<4] {
                let part = backward(forms, weights, dy, rows: rows, strips: strips)
                for row in 0..<rows {
                    let from = row * (strips.count * 32 + 1)
                    let wanted = whole[row * width + strips.lowerBound * 32..<row * width + strips.upperBound * 32]
                    #expect(
                        Array(part[from..<from + strips.count * 32 + 1]) == Array(wanted) + [7],
                        "\(name(forms)) \(strips)")
                }
            }
        }
    }

    @Test("in bf16, products and the gradients of inputs agree with the plain form", arguments: panelTypes.map(\.name))
    func bf16(typeName: String) {
        let type = panelTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 66)
        for shape in shapes(type) + (lk_block_size(type) == 256 ? [] : [(outputs: 40, inputs: 2080)]) {
            let weights = PackedWeights(type, outputs: shape.outputs, inputs: shape.inputs, &random)
            let rows = 27, width = shape.inputs + 1, ldy = shape.outputs + 3
            let dy = halves(random.array(rows * ldy)), x = halves(random.array(rows * shape.inputs))
            let backward = { (forms: lk_variants, first: Int, count: Int, add: Int32) -> [Float] in
                var matrix = weights.matrix
                var dx = [Float](repeating: 7, count: count * width)
                withTrainingScratch {
                    forms.training.pointee.panel_backward_bf16(
                        &matrix, 0, shape.inputs / 32, Array(dy[(first * ldy)...]), ldy, count, &dx, width, add, $0)
                }
                return dx
            }
            let forward = { (forms: lk_variants, first: Int, count: Int) -> [Float] in
                var matrix = weights.matrix
                var y = [Float](repeating: 7, count: count * (shape.outputs + 1))
                forms.panel_matmul_bf16(
                    &matrix, 0, weights.panels, Array(x[(first * shape.inputs)...]), count, &y, shape.outputs + 1, 0)
                return y
            }
            for forms in fastForms where name(forms) == "avx512-bf16" {
                let dx = backward(forms, 0, rows, 0), y = forward(forms, 0, rows)
                #expect(relativeError(dx, backward(plainForms, 0, rows, 0)) < 1e-5, "\(name(forms)) \(shape)")
                #expect(relativeError(y, forward(plainForms, 0, rows)) < 1e-5, "\(name(forms)) \(shape)")
                let added = dx.indices.map { $0 % width == width - 1 ? 7 : dx[$0] + 7 }
                #expect(relativeError(backward(forms, 0, rows, 1), added) < 1e-6, "\(name(forms)) \(shape)")
                for (first, count) in [(0, 1), (5, 1), (3, 13), (26, 1), (2, 23)] {
                    #expect(
                        backward(forms, first, count, 0) == Array(dx[first * width..<(first + count) * width]),
                        "\(name(forms)) \(shape) rows \(first)+\(count)")
                    let own = first * (shape.outputs + 1)..<(first + count) * (shape.outputs + 1)
                    #expect(forward(forms, first, count) == Array(y[own]), "\(name(forms)) \(shape)")
                }
            }
        }
    }

    /// x in bf16.
    private func halves(_ x: [Float]) -> [UInt16] {
        var out = [UInt16](repeating: 0, count: x.count)
        plainForms.bf16_from_f32(x, &out, x.count)
        return out
    }

    /// dw [outputs, inputs + 2] of outputs begin..<end over `before`.
    private func weightGradient(
        _ forms: lk_variants, _ dy: [Float], _ x: [Float], rows: Int, outputs: Int, inputs: Int, _ range: Range<Int>,
        over before: [Float]
    ) -> [Float] {
        var dw = before
        withTrainingScratch { scratch in
            forms.training.pointee.weight_gradient_f32(
                dy, outputs + 1, x, inputs + 3, rows, range.lowerBound, range.upperBound, inputs, &dw, inputs + 2,
                scratch)
        }
        return dw
    }

    @Test("the gradient of weights is dYᵀ X, added to what is there")
    func weights() {
        var random = RandomFloats(seed: 64)
        for (rows, outputs, inputs) in [
            (1, 1, 1), (2, 3, 5), (3, 13, 8), (5, 7, 16), (13, 12, 33), (17, 25, 100), (256, 6, 31), (600, 97, 72),
        ] {
            let dy = random.array(rows * (outputs + 1)), x = random.array(rows * (inputs + 3))
            let before = random.array(outputs * (inputs + 2))
            var wanted = before
            for output in 0..<outputs {
                for input in 0..<inputs {
                    var sum = Double(before[output * (inputs + 2) + input])
                    for row in 0..<rows {
                        sum += Double(dy[row * (outputs + 1) + output]) * Double(x[row * (inputs + 3) + input])
                    }
                    wanted[output * (inputs + 2) + input] = Float(sum)
                }
            }
            for forms in offeredForms {
                let run = { (range: Range<Int>, before: [Float]) in
                    weightGradient(
                        forms, dy, x, rows: rows, outputs: outputs, inputs: inputs, range, over: before)
                }
                let whole = run(0..<outputs, before)
                #expect(relativeError(whole, wanted) < 2e-6, "\(name(forms)) \(rows), \(outputs)x\(inputs)")
                let cut = outputs / 3
                #expect(
                    run(cut..<outputs, run(0..<cut, before)) == whole, "\(name(forms)) \(outputs)x\(inputs) in parts")
            }
        }
    }

    @Test("a small product is scale A B, alone or added, and a row's result the same bits alone")
    func product() {
        var random = RandomFloats(seed: 65)
        for (inner, columns) in [(1, 1), (3, 7), (8, 576), (576, 8), (16, 33), (300, 64), (17, 100), (513, 31)] {
            for rows in [1, 2, 5, 6, 12, 13, 27] {
                let a = random.array(rows * (inner + 1)), b = random.array(inner * (columns + 2))
                let before = random.array(rows * (columns + 1))
                for add in [Int32(0), 1] {
                    var wanted = before
                    for row in 0..<rows {
                        for column in 0..<columns {
                            var sum = 0.0
                            for k in 0..<inner {
                                sum += Double(a[row * (inner + 1) + k]) * Double(b[k * (columns + 2) + column])
                            }
                            let at = row * (columns + 1) + column
                            wanted[at] = Float((add == 1 ? Double(before[at]) : 0) + 1.5 * sum)
                        }
                    }
                    for forms in offeredForms {
                        let run = { (first: Int, count: Int) -> [Float] in
                            var c = Array(before[first * (columns + 1)..<(first + count) * (columns + 1)])
                            forms.training.pointee.product_f32(
                                Array(a[(first * (inner + 1))...]), inner + 1, b, columns + 2, count, inner, columns,
                                &c,
                                columns + 1, 1.5, add)
                            return c
                        }
                        let whole = run(0, rows)
                        #expect(relativeError(whole, wanted) < 2e-6, "\(name(forms)) \(rows)x\(inner)x\(columns)")
                        #expect(
                            run(rows - 1, 1) == Array(whole.suffix(columns + 1)), "\(name(forms)) \(inner)x\(columns)")
                    }
                }
            }
        }
    }
}
