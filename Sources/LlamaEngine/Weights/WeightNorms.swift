import Synchronization

/// ‖W‖² of each output of a model's matrices, computed at the first call for a matrix and kept: the next checkpoint of
/// a training job changes the same products. Any thread.
final class WeightNorms: Sendable {
    /// By the matrix's memory, which lives as long as the model, and so as long as this.
    private let squares = Mutex<[UInt: [Double]]>([:])

    func squares(of matrix: Matrix) -> [Double] {
        let place = UInt(bitPattern: matrix.memory)
        if let known = squares.withLock({ $0[place] }) { return known }
        var row = [Float](repeating: 0, count: matrix.inputs)
        let computed = (0..<matrix.outputs).map { output in
            row.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { matrix.row(output, to: base) }
            }
            return dot(row, row)
        }
        squares.withLock { $0[place] = computed }
        return computed
    }
}

/// ⟨a, b⟩ in f64.
func dot(_ a: some RandomAccessCollection<Float>, _ b: some RandomAccessCollection<Float>) -> Double {
    a.withContiguousStorageIfAvailable { a in
        b.withContiguousStorageIfAvailable { b in
            // Several sums, or each addition waits for the one before it.
            var sums = SIMD8<Double>(repeating: 0)
            let count = min(a.count, b.count)
            for start in stride(from: 0, to: count - 7, by: 8) {
                for lane in 0..<8 { sums[lane] += Double(a[start + lane]) * Double(b[start + lane]) }
            }
            return (count / 8 * 8..<count).reduce(sums.sum()) { $0 + Double(a[$1]) * Double(b[$1]) }
        } ?? 0
    } ?? 0
}
