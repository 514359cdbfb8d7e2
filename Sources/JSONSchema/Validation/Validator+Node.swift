import LlamaStackAPI

extension ValueSchema {
    /// Whether a value is as one node says. False where that takes more steps than the limits allow.
    package func takes(_ value: JSON, as node: NodeID) -> Bool {
        var validator = Validator(self)
        validator.quiet = 1
        var judged = Judged()
        return validator.judge(node, value, &judged)
    }
}
