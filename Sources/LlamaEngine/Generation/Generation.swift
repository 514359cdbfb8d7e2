import Grammars

/// The words of generation: what a caller asks of an engine and what comes back.
package enum Generation {
    /// One sequence to continue.
    package struct Request: Sendable {
        /// Token ids, each in `0..<vocabulary`; at least one.
        package var prompt: [Int32]
        /// How many tokens to generate at most; 0 means up to the context limit.
        package var tokensMax: Int
        package var sampling: Sampling
        /// Tokens that end the sequence. They are not sent as `.token` events.
        package var stopTokens: Set<Int32>
        /// When to give up, in the queue or in the middle of the answer.
        package var deadline: ContinuousClock.Instant?
        /// The owner of the request. Keys and values are shared only between requests of one owner, so that the time to
        /// an answer does not reveal what others have asked.
        package var owner: String
        /// Changes the model for this request alone; kept until the request has ended. It changes keys and values, so
        /// they are shared within it only.
        package var adapter: Adapter?
        /// The language that the answer keeps to, in the state before its first token, over this model's vocabulary.
        /// Stop tokens may come only where the grammar lets the turn end. Log probabilities stay those of the model.
        /// Where nothing but one of several literals may come, a greedy answer takes the likeliest whole one.
        package var grammar: GrammarState?
        /// How a greedy answer may begin to keep to another grammar than `grammar`, which must be given too. Drawn
        /// answers, and those whose logits are adjusted, keep to `grammar`.
        package var opening: OpeningChoice?
        /// If not 0, nothing is generated: this many tokens at the prompt's end are scored. Each is sent as a `.token`
        /// with its log probability after those before it, and the sequence is then complete. Of the other fields only
        /// `deadline`, `owner` and `adapter` count.
        package var scoredTokens = 0

        package init(
            prompt: [Int32], tokensMax: Int = 0, sampling: Sampling = Sampling(), stopTokens: Set<Int32> = [],
            deadline: ContinuousClock.Instant? = nil, owner: String = "", adapter: Adapter? = nil,
            grammar: GrammarState? = nil
        ) {
            self.prompt = prompt
            self.tokensMax = tokensMax
            self.sampling = sampling
            self.stopTokens = stopTokens
            self.deadline = deadline
            self.owner = owner
            self.adapter = adapter
            self.grammar = grammar
        }
    }

    /// Names one submitted request, for `cancel` and `resume`. Never used twice by one engine.
    package struct Handle: Hashable, Sendable {
        let number: UInt64
    }

    /// A generated token.
    package struct Token: Sendable, Equatable {
        package let id: Int32
        /// Natural logarithm of the token's probability under the model, before temperature, top-k and top-p. Present
        /// when
        /// `Sampling.topLogprobs` is set.
        package let logprob: Float?
        /// The likeliest tokens, likeliest first; as many as `Sampling.topLogprobs` asked for.
        package let top: [Candidate]

        package init(id: Int32, logprob: Float? = nil, top: [Candidate] = []) {
            self.id = id
            self.logprob = logprob
            self.top = top
        }
    }

    package struct Candidate: Sendable, Equatable {
        package let id: Int32
        package let logprob: Float
    }

    package enum StopReason: Sendable, Equatable {
        /// The model ended the sequence with this one of the request's stop tokens.
        case stop(token: Int32)
        /// The request's grammar allows nothing more: the answer is whole without a stop token. Or all tokens that were
        /// to be scored have been.
        case complete
        /// `tokensMax` or the context limit was reached.
        case length
        /// The caller cancelled, or its sink answered `.closed`.
        case cancelled
    }

    package struct Finish: Sendable, Equatable {
        package var reason: StopReason
        package let promptTokens: Int
        /// Tokens sampled, a stop token included; none where tokens are scored.
        package var generatedTokens: Int
        /// Tokens of the prompt that were not computed for this request, because another had.
        package var cachedTokens = 0
    }

    /// The events of a sink: any number of `.token`, then exactly one `.finished` or `.failed`.
    package enum Event: Sendable, Equatable {
        case token(Token)
        case finished(Finish)
        case failed(GenerationError)
    }

    /// A sink's reply to an event. The reply to the last event is ignored.
    package enum Flow: Sendable {
        /// Go on.
        case more
        /// Send nothing until `Engine.resume`. Other sequences go on; this one keeps its place and its cache, unless
        /// memory runs short: then others go on with it.
        case pause
        /// There is no listener any more: as `Engine.cancel`.
        case closed
    }

    /// Hears the events of one request, in order, on the engine's thread. Must return quickly and must not block: while
    /// it runs, no sequence moves. It may call `submit`, `cancel` and `resume`.
    package typealias Sink = @Sendable (Event) -> Flow
}
