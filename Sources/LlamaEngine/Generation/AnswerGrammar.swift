import Grammars

/// The grammar of one answer on its way: what may come next, and what must.
struct AnswerGrammar {
    private var state: GrammarState
    private let stopTokens: Set<Int32>
    private var mask: TokenMask
    private var isMaskCurrent = false
    /// The next token is none that begins a text of this grammar.
    private var barred: GrammarState?
    /// How often the tokens that spell what must come are those that the model takes.
    var length = DraftLength()

    init(_ state: GrammarState, stopTokens: Set<Int32>, vocabulary: Int) {
        (self.state, self.stopTokens) = (state, stopTokens)
        mask = TokenMask(vocabulary: vocabulary)
    }

    /// Whether the answer is whole and nothing can follow.
    var isComplete: Bool { state.isComplete }

    /// The tokens that may come next, stop tokens among them where the turn may end.
    mutating func allowed() -> TokenMask {
        guard !isMaskCurrent else { return mask }
        state.allowed(&mask)
        let isFinal = state.isFinal
        for token in stopTokens {
            if isFinal { mask.insert(token) } else if !state.takes(token) { mask.remove(token) }
        }
        if let barred {
            var beginnings = TokenMask(vocabulary: mask.vocabulary)
            barred.allowed(&beginnings)
            for token in beginnings.tokens { mask.remove(token) }
        }
        isMaskCurrent = true
        return mask
    }

    /// Whether no token can follow though the answer is not whole.
    var isStuck: Bool { isMaskCurrent && mask.isEmpty }

    /// - Returns: false when the token does not fit.
    mutating func advance(_ token: Int32) -> Bool {
        isMaskCurrent = false
        barred = nil
        return state.advance(token)
    }

    /// The literals of which one must come next, where nothing else may.
    var literals: [GrammarState.Literal] { state.literals }

    /// Leaves out all that `state` leaves out, which one of `literals` has.
    mutating func keep(_ state: GrammarState) {
        self.state = state
        isMaskCurrent = false
    }

    /// Leaves out the next tokens that `state` begins with.
    mutating func bar(_ state: GrammarState) {
        barred = state
        isMaskCurrent = false
    }

    /// A guess at the next tokens: those that spell what must come.
    func forced(limit: Int) -> ArraySlice<Int32> { state.forced(limit: limit)[...] }

    /// The beginning of a draft that keeps to the grammar: the rest can't be sampled.
    func fitting(_ draft: ArraySlice<Int32>) -> ArraySlice<Int32> {
        var state = state
        return draft.prefix { !stopTokens.contains($0) && state.advance($0) }
    }
}
