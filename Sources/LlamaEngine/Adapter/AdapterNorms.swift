extension Adapter.Change {
    /// ‖W + s·BA‖ of each output of the model's product, without the sum ever being made: ‖W‖² + 2s⟨W, BA⟩ + s²‖BA‖².
    /// - Parameter rows: the row of B for each output.
    /// - Throws: `AdapterError` for an output whose norm is 0, by which no magnitude can be divided.
    func norms(at place: Adapter.Place, _ rows: [Int], of model: Model) throws(AdapterError) -> [Double] {
        guard let matrix = model.weights.matrix(at: place) else { throw AdapterError.ofExperts(place) }
        let squares = model.norms.squares(of: matrix)
        // A Wᵀ, [rank, outputs].
        var products = [Float](repeating: 0, count: rank * matrix.outputs)
        a.withUnsafeBufferPointer { a in
            products.withUnsafeMutableBufferPointer { products in
                guard let a = a.baseAddress, let y = products.baseAddress else { return }
                matrix.multiply(
                    0..<matrix.panels, a, rows: rank, to: y, stride: matrix.outputs, adding: false)
            }
        }
        let gram = gram()
        var norms: [Double] = []
        norms.reserveCapacity(matrix.outputs)
        for (output, row) in rows.enumerated() {
            var (cross, own) = (0.0, 0.0)
            for i in 0..<rank {
                let factor = Double(b[row * rank + i])
                cross += factor * Double(products[i * matrix.outputs + output])
                var sum = 0.0
                for j in 0..<rank { sum += Double(b[row * rank + j]) * gram[i * rank + j] }
                own += factor * sum
            }
            let square = squares[output] + 2 * Double(scale) * cross + Double(scale) * Double(scale) * own
            guard square > 0 else {
                throw AdapterError(
                    "norm of W + BA of \(place)", found: "0 at output \(row)",
                    wanted: "a length that its magnitude can stretch")
            }
            norms.append(square.squareRoot())
        }
        return norms
    }

    /// A Aᵀ, [rank, rank].
    private func gram() -> [Double] {
        let inputs = a.count / rank
        let rows = (0..<rank).map { a[$0 * inputs..<($0 + 1) * inputs] }
        var gram = [Double](repeating: 0, count: rank * rank)
        for i in 0..<rank {
            for j in 0...i {
                gram[i * rank + j] = dot(rows[i], rows[j])
                gram[j * rank + i] = gram[i * rank + j]
            }
        }
        return gram
    }
}

extension DecoderWeights {
    /// The matrix of a product; nil where the layer has experts in its place.
    func matrix(at place: Adapter.Place) -> Matrix? {
        let layer = layers[place.layer]
        return switch place.target {
        case .query: layer.query.matrix
        case .key: layer.key.matrix
        case .value: layer.value.matrix
        case .output: layer.output.matrix
        case .gate: layer.feedForward.dense?.gate.matrix
        case .up: layer.feedForward.dense?.up.matrix
        case .down: layer.feedForward.dense?.down.matrix
        case .head: head
        }
    }
}
