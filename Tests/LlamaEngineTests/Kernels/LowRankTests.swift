import CKernels
import Testing

@Suite("Low-rank products")
struct LowRankTests {
    private struct Case {
        let rank: Int, outputs: Int, rows: Int, columns: Int
        let b: [Float], t: [Float], y: [Float]

        init(rank: Int, outputs: Int, rows: Int, _ random: inout RandomFloats) {
            (self.rank, self.outputs, self.rows) = (rank, outputs, rows)
            columns = rank + 3
            b = random.array((outputs + 31) / 32 * 32 * rank)
            t = random.array(rows * columns)
            y = random.array(rows * (outputs + 1))
        }

        func run(_ forms: lk_variants, rows range: Range<Int>? = nil, panels: Range<Int>? = nil) -> [Float] {
            let range = range ?? 0..<rows
            let panels = panels ?? 0..<(outputs + 31) / 32
            var y = y
            y.withUnsafeMutableBufferPointer { y in
                b.withUnsafeBufferPointer { b in
                    t.withUnsafeBufferPointer { t in
                        forms.lora_expand(
                            b.baseAddress! + panels.lowerBound * 32 * rank, rank,
                            min(outputs, panels.upperBound * 32) - panels.lowerBound * 32,
                            t.baseAddress! + range.lowerBound * columns, columns, range.count,
                            y.baseAddress! + range.lowerBound * (outputs + 1) + panels.lowerBound * 32, outputs + 1)
                    }
                }
            }
            return y
        }
    }

    private func cases(_ random: inout RandomFloats) -> [Case] {
        var all: [Case] = []
        for (rank, outputs) in [(1, 1), (3, 31), (4, 32), (8, 33), (16, 64), (17, 100), (64, 576)] {
            for rows in [1, 2, 3, 4, 5, 9] {
                all.append(Case(rank: rank, outputs: outputs, rows: rows, &random))
            }
        }
        return all
    }

    @Test("the second half adds B t to what is there, and touches nothing else")
    func formula() {
        // B = [[1, 2], [3, 4], [5, 6]]
        var b = [Float](repeating: 0, count: 64)
        b.replaceSubrange(0..<3, with: [1, 3, 5])
        b.replaceSubrange(32..<35, with: [2, 4, 6])
        for forms in offeredForms {
            var y: [Float] = [10, 20, 30, 7, 0, 0, 0, 7]
            forms.lora_expand(b, 2, 3, [1, 1, 2, -1], 2, 2, &y, 4)
            #expect(y == [13, 27, 41, 7, 0, 2, 4, 7], "\(name(forms))")
        }
    }

    @Test("the second half agrees with the plain form at every size")
    func sizes() {
        let seed: UInt64 = 41
        print("low-rank products: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for product in cases(&random) {
            let wanted = product.run(plainForms)
            for forms in fastForms {
                #expect(
                    relativeError(product.run(forms), wanted) < 1e-5,
                    "\(name(forms)) rank \(product.rank), \(product.outputs) outputs, \(product.rows) rows")
            }
        }
    }

    @Test("a row is the same to the bit alone and in any part of the panels")
    func invariance() {
        var random = RandomFloats(seed: 42)
        for product in cases(&random) {
            let width = product.outputs + 1
            for forms in offeredForms {
                let whole = product.run(forms)
                for row in 0..<product.rows {
                    let own = row * width..<(row + 1) * width
                    #expect(product.run(forms, rows: row..<row + 1)[own] == whole[own], "\(name(forms)) row \(row)")
                }
                let panels = (product.outputs + 31) / 32
                let half = product.run(forms, panels: 0..<(panels + 1) / 2)
                for row in 0..<product.rows {
                    let count = min(product.outputs, (panels + 1) / 2 * 32)
                    let own = row * width..<row * width + count
                    #expect(half[own] == whole[own], "\(name(forms)) half of \(product.outputs)")
                }
            }
        }
    }
}
