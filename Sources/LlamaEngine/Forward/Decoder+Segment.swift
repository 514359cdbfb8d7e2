extension Decoder {
    /// Rows of one sequence in a pass.
    package struct Segment {
        /// Which rows' logits are wanted.
        package enum Logits: Sendable {
            case none, last, all
            /// The last ones, of this number.
            case tail(Int)
        }

        package let tokens: ArraySlice<Int32>
        /// The sequence so far: the tokens take the positions from `cache.count` on.
        let cache: KVCache
        package let logits: Logits
        /// Fits the decoder's model.
        let adapter: Adapter?

        init(tokens: ArraySlice<Int32>, cache: KVCache, logits: Logits, adapter: Adapter? = nil) {
            self.tokens = tokens
            self.cache = cache
            self.logits = logits
            self.adapter = adapter
        }

        var logitRows: Int {
            switch logits {
            case .none: 0
            case .last: min(1, tokens.count)
            case .all: tokens.count
            case .tail(let count): min(count, tokens.count)
            }
        }
    }

    /// A row of the pass: its token's place.
    struct Row {
        let segment: Int
        let token: Int32
        let position: Int
    }
}
