/// A choice that a greedy answer makes before its first token: to begin with one of several literals and keep to one
/// grammar, or to begin otherwise and keep to another.
///
/// The likeliest literal is taken where the probability of what all literals begin with, times the geometric mean of
/// the probabilities of its tokens behind that, reaches a bound.
package struct OpeningChoice: Sendable {
    /// The literals, of which one follows: a grammar of nothing else.
    package let openings: GrammarState
    /// The grammar of the whole answer where it begins with one of them.
    package let opened: GrammarState
    /// How many bytes all literals begin with.
    package let sharedBytes: Int
    /// The natural logarithm of the bound.
    package let logprobMin: Double
    /// The literals, without the bytes at their ends that do not count.
    package let literals: [GrammarState.Literal]

    /// - Parameter endBytes: how many bytes at the literals' ends do not count: a token may still reach into those.
    package init(
        _ openings: GrammarState, sharedBytes: Int, endBytes: Int = 0, then opened: GrammarState, logprobMin: Double
    ) {
        (self.openings, self.sharedBytes, self.opened) = (openings, sharedBytes, opened)
        self.logprobMin = logprobMin
        literals = openings.wholeLiterals(endBytes: endBytes)
    }
}
