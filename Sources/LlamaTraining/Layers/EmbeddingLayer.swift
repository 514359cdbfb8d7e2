import CKernels
import LlamaEngine

/// Tokens to rows of the embedding [vocabulary, hidden].
struct EmbeddingLayer {
    let matrix: Matrix
    let parameter: Parameter?

    /// out: [tokens, hidden]
    func forward(_ tokens: [Int32], to out: UnsafeMutablePointer<Float>, _ bench: Workbench) {
        bench.rows(tokens.count, grain: 8) { part in
            for row in part { matrix.row(Int(tokens[row]), to: out + row * matrix.inputs) }
        }
    }

    /// Adds dx [tokens, hidden] to the gradients of the tokens' rows. Threads share it by columns, so that a token's
    /// places are added in their order.
    func backward(_ tokens: [Int32], dx: UnsafePointer<Float>, _ bench: Workbench) {
        guard let parameter else { return }
        let hidden = matrix.inputs
        bench.pool.run(over: hidden, grain: 16) { _, part in
            for (row, token) in tokens.enumerated() {
                lk_add(
                    parameter.gradient + Int(token) * hidden + part.lowerBound, dx + row * hidden + part.lowerBound,
                    part.count)
            }
        }
    }
}
