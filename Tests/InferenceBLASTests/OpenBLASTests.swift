import Testing

@testable import InferenceBLAS
@testable import LlamaEngine

@Suite struct OpenBLASTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var (rows, columns, inner) = (1, 1, 1)
        var isBTransposed = false
        var isAdding = false
        var testDescription: String { "\(rows)x\(columns)x\(inner)\(isBTransposed ? "ᵀ" : "")\(isAdding ? "+" : "")" }
    }

    static let shapes: [Shape] = [(1, 1, 1), (1, 33, 7), (2, 3, 5), (7, 1, 64), (17, 129, 31), (64, 128, 64)].flatMap {
        size in
        [false, true].flatMap { isBTransposed in
            [false, true].map {
                Shape(
                    rows: size.0, columns: size.1, inner: size.2, isBTransposed: isBTransposed, isAdding: $0)
            }
        }
    }

    @Test("a product is the sum of its definition, and what lies between its rows stays", arguments: shapes)
    func definition(_ shape: Shape) {
        let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
        let (aStride, cStride) = (inner + 3, columns + 5)
        let bStride = (shape.isBTransposed ? inner : columns) + 2
        let a = (0..<rows * aStride).map { Float($0 % 13) - 6 }
        let b = (0..<(shape.isBTransposed ? columns : inner) * bStride).map { Float($0 % 7) - 3 }
        // Not a number where it must not be read.
        let before = (0..<rows * cStride).map { $0 % cStride >= columns ? 99 : shape.isAdding ? Float($0 % 5) : .nan }
        var c = before
        c.withUnsafeMutableBufferPointer { c in
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
                    CBLAS.openBLAS().compute(
                        MatrixProduct(
                            rows: rows, columns: columns, inner: inner, a: a, aStride: aStride, b: b, bStride: bStride,
                            isBTransposed: shape.isBTransposed, c: c, cStride: cStride, scale: 0.5,
                            isAdding: shape.isAdding))
                }
            }
        }
        // Halves of whole numbers: exact in any order of summing.
        for row in 0..<rows {
            for column in 0..<cStride {
                let place = row * cStride + column
                guard column < columns else {
                    #expect(c[place] == 99)
                    continue
                }
                var sum: Float = 0
                for index in 0..<inner {
                    sum +=
                        a[row * aStride + index]
                        * b[shape.isBTransposed ? column * bStride + index : index * bStride + column]
                }
                #expect(c[place] == (shape.isAdding ? before[place] : 0) + sum / 2)
            }
        }
    }

    @Test("its name says the version and the machine that it computes for")
    func name() {
        let words = CBLAS.openBLAS().name.split(separator: " ")
        #expect(words.count == 3 && words[0] == "OpenBLAS")
    }
}
