import LlamaStackAPI

extension Content {
    /// Its texts, one after the other: what a model writes has no other parts.
    var joined: String {
        all.reduce(into: "") { text, item in
            if case .text(let more) = item { text += more }
        }
    }
}
