import CKernels
import Testing

@Suite("Matrix products")
struct MatmulTests {
    /// Row lengths that end inside every kind of step, in blocks for quantised types.
    private func lengths(_ type: lk_type) -> [Int] {
        switch lk_block_size(type) {
        case 1: [1, 5, 16, 33, 100, 576]
        case 32: [32, 64, 96, 128, 160, 256, 288, 576]
        default: [256, 512, 1536]
        }
    }

    private struct Product {
        var weights: GuardedBytes
        var x: [Float]
        var outputs: Int, rows: Int, n: Int
    }

    private final class GuardedBytes {
        let file: AnyObject
        let base: UnsafeRawPointer
        init(_ bytes: [UInt8]) {
            let mapped = guardedFile(bytes)
            file = mapped
            base = mapped.bytes.baseAddress!
        }
    }

    private func products(_ type: lk_type, _ random: inout RandomFloats) -> [Product] {
        var all: [Product] = []
        for n in lengths(type) {
            for (outputs, rows) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 1), (7, 5), (6, 9)] {
                let weights = GuardedBytes(random.weights(type, rows: outputs, n: n))
                all.append(Product(weights: weights, x: random.array(rows * n), outputs: outputs, rows: rows, n: n))
            }
        }
        return all
    }

    @Test("f32 products of every type agree with the plain form", arguments: elementTypes.map(\.name))
    func exact(typeName: String) {
        let seed: UInt64 = 21
        print("f32 products of \(typeName): seed \(seed)")
        let type = elementTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: seed)
        for product in products(type, &random) {
            let run = { (forms: lk_forms) in
                var y = [Float](repeating: 7, count: product.rows * (product.outputs + 1))
                forms.matmul_f32(
                    type, product.weights.base, 0, product.outputs, product.x, product.rows, product.n, &y,
                    product.outputs + 1)
                return y
            }
            let wanted = run(plainForms)
            for forms in fastForms {
                #expect(
                    relativeError(run(forms), wanted) < 1e-5,
                    "\(name(forms)) \(product.outputs)x\(product.n), \(product.rows) rows")
            }
        }
    }

    @Test(
        "int8 products agree with the plain form",
        arguments: elementTypes.filter { lk_has_q8($0.type) == 1 }.map(\.name))
    func quantised(typeName: String) {
        let seed: UInt64 = 22
        print("int8 products of \(typeName): seed \(seed)")
        let type = elementTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: seed)
        for product in products(type, &random) {
            let blocks = lk_q8_blocks(product.n)
            let x = [lk_q8_block](unsafeUninitializedCapacity: product.rows * blocks) { buffer, count in
                plainForms.quantize_rows(product.x, product.rows, product.n, buffer.baseAddress)
                count = product.rows * blocks
            }
            let run = { (forms: lk_forms) in
                var y = [Float](repeating: 7, count: product.rows * (product.outputs + 1))
                forms.matmul_q8(
                    type, product.weights.base, 0, product.outputs, x, product.rows, product.n, &y,
                    product.outputs + 1)
                return y
            }
            let wanted = run(plainForms)
            for forms in fastForms {
                #expect(
                    relativeError(run(forms), wanted) < 1e-5,
                    "\(name(forms)) \(product.outputs)x\(product.n), \(product.rows) rows")
            }
        }
    }

    @Test(
        "int8 products are near the exact ones", arguments: elementTypes.filter { lk_has_q8($0.type) == 1 }.map(\.name))
    func accuracy(typeName: String) {
        let type = elementTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 23)
        let n = 1536, outputs = 32
        let weights = random.weights(type, rows: outputs, n: n), x = random.array(n)
        var exact = [Float](repeating: 0, count: outputs), near = exact
        let quantised = [lk_q8_block](unsafeUninitializedCapacity: lk_q8_blocks(n)) { buffer, count in
            lk_quantize_rows(x, 1, n, buffer.baseAddress)
            count = lk_q8_blocks(n)
        }
        plainForms.matmul_f32(type, weights, 0, outputs, x, 1, n, &exact, outputs)
        lk_matmul_q8(type, weights, 0, outputs, quantised, 1, n, &near, outputs)
        // Rounding to 1/254 of a block's largest value, over 1536 independent values.
        #expect(relativeError(near, exact) < 0.01)
    }

    @Test("parts of the outputs make the whole product and touch nothing else")
    func parts() {
        var random = RandomFloats(seed: 24)
        let n = 288, outputs = 21, rows = 3
        let weights = random.weights(LK_Q4_1, rows: outputs, n: n), x = random.array(rows * n)
        let quantised = [lk_q8_block](unsafeUninitializedCapacity: rows * lk_q8_blocks(n)) { buffer, count in
            lk_quantize_rows(x, rows, n, buffer.baseAddress)
            count = rows * lk_q8_blocks(n)
        }
        for forms in offeredForms {
            var whole = [Float](repeating: 0, count: rows * outputs),
                pieces = [Float](repeating: 7, count: rows * outputs)
            forms.matmul_q8(LK_Q4_1, weights, 0, outputs, quantised, rows, n, &whole, outputs)
            forms.matmul_q8(LK_Q4_1, weights, 5, 10, quantised, rows, n, &pieces, outputs)
            let untouched = (0..<rows).allSatisfy { row in
                (0..<outputs).allSatisfy { (5..<10).contains($0) || pieces[row * outputs + $0] == 7 }
            }
            #expect(untouched, "\(name(forms))")
            forms.matmul_q8(LK_Q4_1, weights, 0, 5, quantised, rows, n, &pieces, outputs)
            forms.matmul_q8(LK_Q4_1, weights, 10, outputs, quantised, rows, n, &pieces, outputs)
            #expect(pieces == whole, "\(name(forms))")
        }
    }

    @Test("a row's result is the same bits alone and among others", arguments: elementTypes.map(\.name))
    func batchInvariance(typeName: String) {
        let type = elementTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 27)
        let n = lk_block_size(type) == 1 ? 300 : lk_block_size(type) == 32 ? 288 : 1536
        let outputs = 9, rows = 11
        let weights = random.weights(type, rows: outputs, n: n), x = random.array(rows * n)
        let run = { (forms: lk_forms, x: [Float], rows: Int) -> [Float] in
            var y = [Float](repeating: 7, count: rows * outputs)
            if lk_has_q8(type) == 1 {
                let quantised = [lk_q8_block](unsafeUninitializedCapacity: rows * lk_q8_blocks(n)) { buffer, count in
                    forms.quantize_rows(x, rows, n, buffer.baseAddress)
                    count = rows * lk_q8_blocks(n)
                }
                forms.matmul_q8(type, weights, 0, outputs, quantised, rows, n, &y, outputs)
            }
            var exact = [Float](repeating: 7, count: rows * outputs)
            forms.matmul_f32(type, weights, 0, outputs, x, rows, n, &exact, outputs)
            return (0..<rows).flatMap { row in
                let part = (row * outputs)..<((row + 1) * outputs)
                return Array(y[part]) + Array(exact[part])
            }
        }
        for forms in offeredForms {
            let together = run(forms, x, rows)
            let alone = (0..<rows).flatMap { run(forms, Array(x[($0 * n)..<(($0 + 1) * n)]), 1) }
            #expect(together == alone, "\(name(forms))")
        }
    }

    @Test("activations quantise to the same bits everywhere")
    func activations() {
        let seed: UInt64 = 25
        print("quantised activations: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for n in [32, 64, 96, 128, 160, 576] {
            var x = random.array(3 * n, in: -50...50)
            for i in 0..<32 { x[i] = 0 }
            if n > 64 {
                x[40] = .nan
                x[n + 70] = .infinity
                for i in 64..<96 { x[2 * n + i] = .leastNonzeroMagnitude }
            }
            let blocks = 3 * lk_q8_blocks(n)
            let run = { (forms: lk_forms) in
                [lk_q8_block](unsafeUninitializedCapacity: blocks) { buffer, count in
                    forms.quantize_rows(x, 3, n, buffer.baseAddress)
                    count = blocks
                }.map { block in withUnsafeBytes(of: block) { Array($0) } }
            }
            let wanted = run(plainForms)
            for forms in fastForms { #expect(run(forms) == wanted, "\(name(forms)) \(n)") }
        }
    }

    @Test("a NaN among the activations is a NaN in the product, by every instruction set")
    func nan() {
        var random = RandomFloats(seed: 26)
        let weights = random.weights(LK_Q8_0, rows: 1, n: 64)
        var x = random.array(64)
        x[40] = .nan
        for forms in offeredForms {
            let quantised = [lk_q8_block](unsafeUninitializedCapacity: 1) { buffer, count in
                forms.quantize_rows(x, 1, 64, buffer.baseAddress)
                count = 1
            }
            var y: Float = 0
            forms.matmul_q8(LK_Q8_0, weights, 0, 1, quantised, 1, 64, &y, 1)
            #expect(y.isNaN, "\(name(forms))")
        }
    }
}
