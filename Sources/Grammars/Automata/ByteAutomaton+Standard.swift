extension ByteAutomaton {
    /// Each is one for all grammars, so that its masks are too.
    static let anyString = standard { budget throws(GrammarError) in try jsonString([], &budget) }
    static let anyNumber = standard { budget throws(GrammarError) in try number(NumberBounds(), &budget) }
    static let anyInteger = standard { budget throws(GrammarError) in
        try number(NumberBounds(isInteger: true), &budget)
    }

    private static func standard(
        _ make: (inout GrammarBudget) throws(GrammarError) -> ByteAutomaton?
    ) -> ByteAutomaton {
        var budget = GrammarBudget(timeMax: nil)
        guard let automaton = try? make(&budget) else {
            preconditionFailure("an automaton without bounds accepts something")
        }
        return automaton
    }
}
