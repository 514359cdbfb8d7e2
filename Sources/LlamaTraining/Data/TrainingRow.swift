/// One example of supervised fine-tuning, already in tokens.
package struct TrainingRow: Sendable, Equatable {
    package var tokens: [Int32]
    /// Which tokens must be predicted; as many as `tokens`. The first has no token before it and is ignored.
    package var hasLoss: [Bool]

    package init(tokens: [Int32], hasLoss: [Bool]) {
        (self.tokens, self.hasLoss) = (tokens, hasLoss)
    }

    /// Tokens that carry loss.
    package var lossTokens: Int { zip(tokens, hasLoss).dropFirst().count { $0.1 } }
}

/// A prompt and two answers to it, already in tokens, of which the first is preferred. Both answers hold the token that
/// ends their turn.
package struct PreferencePair: Sendable, Equatable {
    package var prompt: [Int32]
    package var chosen: [Int32]
    package var rejected: [Int32]

    package init(prompt: [Int32], chosen: [Int32], rejected: [Int32]) {
        (self.prompt, self.chosen, self.rejected) = (prompt, chosen, rejected)
    }
}

/// The examples of a run.
package enum TrainingData: Sendable {
    /// Supervised: the loss is the mean over the step's loss tokens.
    case rows([TrainingRow])
    /// Direct preference optimisation; asks for `TrainingSettings.preference`.
    case pairs([PreferencePair])

    package var count: Int {
        switch self {
        case .rows(let rows): rows.count
        case .pairs(let pairs): pairs.count
        }
    }

    package var isPreference: Bool {
        if case .pairs = self { true } else { false }
    }
}
