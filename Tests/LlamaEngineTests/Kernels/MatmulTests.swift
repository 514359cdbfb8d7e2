import CKernels
import ModelFixtures
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
            let run = { (forms: lk_variants) in
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

    @Test("a row's result is the same bits alone and among others", arguments: elementTypes.map(\.name))
    func batchInvariance(typeName: String) {
        let type = elementTypes.first { $0.name == typeName }!.type
        var random = RandomFloats(seed: 27)
        let n = lk_block_size(type) == 1 ? 300 : lk_block_size(type) == 32 ? 288 : 1536
        let outputs = 9, rows = 11
        let weights = random.weights(type, rows: outputs, n: n), x = random.array(rows * n)
        let run = { (forms: lk_variants, x: [Float], rows: Int) -> [Float] in
            var exact = [Float](repeating: 7, count: rows * outputs)
            forms.matmul_f32(type, weights, 0, outputs, x, rows, n, &exact, outputs)
            return exact
        }
        for forms in offeredForms {
            let together = run(forms, x, rows)
            let alone = (0..<rows).flatMap { run(forms, Array(x[($0 * n)..<(($0 + 1) * n)]), 1) }
            #expect(together == alone, "\(name(forms))")
        }
    }
}
