/// How one check of the conformance suite came out.
package struct CheckResult: Sendable, CustomStringConvertible {
    package enum Outcome: Sendable, Equatable {
        case passed
        /// What the contract asks, and what the provider did.
        case failed(String)
        /// Why there was nothing to see: the provider does not stream, or refuses the sample request.
        case notExercised(String)
    }

    /// "inference inline::echo", or the file when it could not be loaded.
    package var provider: String
    /// A sentence: "answers an unknown method with LSP_UNSUPPORTED".
    package var name: String
    package var outcome: Outcome

    package var passed: Bool {
        if case .failed = outcome { return false }
        return true
    }

    package var detail: String {
        switch outcome {
        case .passed: ""
        case .failed(let text), .notExercised(let text): text
        }
    }

    package var description: String {
        let mark =
            switch outcome {
            case .passed: "ok  "
            case .failed: "FAIL"
            case .notExercised: "skip"
            }
        return "\(mark) \(provider): \(name)" + (detail.isEmpty ? "" : "\n       \(detail)")
    }
}
