import CKernels

/// SwiGLU (Shazeer 2020, arXiv:2002.05202): y = silu(gate) up, silu(g) = g σ(g). All [tokens, width].
enum FeedForwardLayer {
    static func forward(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, tokens: Int, width: Int,
        to out: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        bench.rows(tokens, grain: 4) { part in
            let place = part.lowerBound * width
            lk_swiglu(gate + place, up + place, part.count * width, out + place)
        }
    }

    /// dup = dy silu(gate); dgate = dy up σ(gate) (1 + gate (1 - σ(gate))).
    static func backward(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, dy: UnsafePointer<Float>, tokens: Int, width: Int,
        dgate: UnsafeMutablePointer<Float>, dup: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        bench.rows(tokens, grain: 4) { part in
            let place = part.lowerBound * width
            lk_swiglu_backward(gate + place, up + place, dy + place, part.count * width, dgate + place, dup + place)
        }
    }
}
