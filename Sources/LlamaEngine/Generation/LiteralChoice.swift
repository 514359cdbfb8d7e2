import CKernels
import Grammars

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The search for the likeliest of several literals, of which a grammar lets one follow.
///
/// Token by token, the likeliest beginning wins though it may lead to a name that the model does not want: `get`, of
/// which only `get_employee` is offered where it would have written `get_order`. So each literal is worth the
/// probability of all its tokens. That only falls as it goes on: the likeliest so far is followed until it is whole,
/// and those that begin less likely than it ends are never computed.
struct LiteralChoice {
    private struct Option {
        let literal: GrammarState.Literal
        /// Its first tokens, the state behind them, their bytes, and the natural logarithm of their probability, as far
        /// as they are known.
        var tokens: [Int32] = []
        var state: GrammarState
        var bytes = 0
        var logprob = 0.0
        /// How many of the tokens begin within what all literals begin with, how likely those are, and the first.
        var shared = (tokens: 0, logprob: 0.0, firstLogprob: 0.0)

        var isWhole: Bool { bytes >= literal.text.count }

        /// Whether the next token to learn of is the one behind these.
        func isAt(_ path: ArraySlice<Int32>) -> Bool {
            !isWhole && logprob > -.infinity && tokens[...] == path
        }

        /// Goes on by the likeliest token that spells it.
        mutating func extend(_ logits: UnsafeBufferPointer<Float>, total: Float, sharedBytes: Int) {
            var mask = TokenMask(vocabulary: logits.count)
            state.allowed(&mask)
            let best = mask.tokens.max { logits[Int($0)] < logits[Int($1)] }
            guard let best, (logits[Int(best)] - total).isFinite, state.advance(best) else {
                logprob = -.infinity
                return
            }
            logprob += Double(logits[Int(best)] - total)
            tokens.append(best)
            if tokens.count == 1 { shared.firstLogprob = logprob }
            if bytes < sharedBytes { (shared.tokens, shared.logprob) = (tokens.count, logprob) }
            bytes += state.vocabulary.bytes(of: best)
        }
    }

    private var options: [Option]
    private var passes = 0
    private let bound: Bound

    /// How likely the literal must be that is chosen.
    struct Bound {
        /// How many bytes all literals begin with.
        var sharedBytes = 0
        /// The least natural logarithm of a product: of the probability of what all begin with, and of the geometric
        /// mean of the probabilities of the tokens behind it. So it does not matter how long a name is.
        var logprobMin = -Double.infinity
    }

    /// Passes of the model until the likeliest so far is taken.
    private static let passesMax = 16
    /// The most tokens of a guess.
    private static let guessMax = 16

    /// - Parameters:
    ///   - literals: at least one.
    ///   - bound: the search ends early where the likeliest can't be as likely.
    init(_ literals: [GrammarState.Literal], bound: Bound = Bound()) {
        options = literals.map { Option(literal: $0, state: $0.state) }
        self.bound = bound
    }

    /// The state in which the likeliest literal alone may come.
    var chosen: GrammarState { options[likeliest].literal.state }

    /// Whether the likeliest literal is as likely as it must be, as far as it is known, with a rest that is certain and
    /// has as few tokens as it can be spelled with.
    var isLikelyEnough: Bool {
        let option = options[likeliest]
        let rest = option.isWhole ? 0 : option.state.forced(limit: Self.guessMax).count
        let own = Double(max(1, option.tokens.count + rest - option.shared.tokens))
        return option.shared.logprob + (option.logprob - option.shared.logprob) / own >= bound.logprobMin
    }

    /// Whether an answer that has the first token of the likeliest literal would most likely go on with what all
    /// literals begin with.
    var isMeantFromFirstToken: Bool {
        let shared = options[likeliest].shared
        return shared.tokens > 0 && shared.logprob - shared.firstLogprob >= -log(2)
    }

    private var likeliest: Int {
        options.indices.dropFirst().reduce(0) { options[$1].logprob > options[$0].logprob ? $1 : $0 }
    }

    /// The tokens whose logits are needed next: the beginning of the likeliest literal, and a guess at its rest.
    func path(limit: Int) -> ArraySlice<Int32> {
        let option = options[likeliest]
        var path = option.tokens
        var left = option.literal.text.count - option.bytes
        for token in option.state.forced(limit: Self.guessMax) where left > 0 {
            path.append(token)
            left -= option.state.vocabulary.bytes(of: token)
        }
        return path.prefix(max(0, limit))
    }

    /// Learns from the logits in front of each token of `path`, and behind the last.
    ///
    /// - Parameters:
    ///   - rows: [path.count + 1, vocabulary]
    ///   - isAsked: whether `path` is what was asked for.
    /// - Returns: whether the choice is made; false where that takes more.
    mutating func learn(
        _ path: ArraySlice<Int32>, _ rows: UnsafeBufferPointer<Float>, isAsked: Bool
    ) -> Bool {
        let vocabulary = rows.count / (path.count + 1)
        var hasLearned = false
        for place in 0...path.count {
            let row = UnsafeBufferPointer(rebasing: rows[place * vocabulary..<(place + 1) * vocabulary])
            var total: Float?
            for index in options.indices where options[index].isAt(path.prefix(place)) {
                let sum = total ?? lk_logsumexp(row.baseAddress, row.count)
                total = sum
                options[index].extend(row, total: sum, sharedBytes: bound.sharedBytes)
                hasLearned = true
            }
        }
        passes += 1
        let option = options[likeliest]
        let isDecided = option.isWhole || option.logprob == -.infinity || !isLikelyEnough
        return isDecided || passes == Self.passesMax || isAsked && !hasLearned
    }
}
