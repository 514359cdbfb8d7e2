/// Whether code may run on the thread of its caller. Waking another thread takes longer than code that returns at once.
/// Earned by returning at once many times in a row, lost by being late once.
package struct Promptness: Sendable {
    /// The number of returns in a row, each within `secondsMax`, after which something counts as prompt.
    package static let returnsMin = 32
    package static let secondsMax = 200e-6

    private var returns = 0

    package init() {}

    package var isEarned: Bool { returns >= Self.returnsMin }

    package mutating func returned(afterSeconds seconds: Double) {
        returns = seconds <= Self.secondsMax ? min(returns + 1, Self.returnsMin) : 0
    }
}
