/// A dialog and candidates for its next message.
public struct KPromptGenerations: WireRecord, Hashable {
    /// The dialog that the candidates answer.
    public var dialog: Dialog
    /// The candidates, each scored as the reply to the dialog. May be empty.
    public var kGenerations: [Message]

    /// Creates the record. Checks nothing.
    public init(dialog: Dialog, kGenerations: [Message]) {
        (self.dialog, self.kGenerations) = (dialog, kGenerations)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "KPromptGenerations", isComponent: false, Self.init,
        Field("dialog", \.dialog, "What was said so far."),
        Field("k_generations", \.kGenerations, "The candidates."))
}

/// A candidate and its score.
public struct ScoredMessage: WireRecord, Hashable {
    /// The candidate as it came.
    public var message: Message
    /// Higher is better. Comparable between candidates of one model; its range is the model's own.
    public var score: Double

    /// Creates the record. Checks nothing.
    public init(message: Message, score: Double) {
        (self.message, self.score) = (message, score)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ScoredMessage", Self.init,
        Field("message", \.message, "The candidate."),
        Field("score", \.score, "More is better."))
}

/// A prompt and its scored candidates.
public struct KScoredPromptGenerations: WireRecord, Hashable {
    /// The dialog's last message. Items are matched to the request by position, not by it.
    public var prompt: Message
    /// The candidates with their scores, in the request's order.
    public var kScoredGenerations: [ScoredMessage]

    /// Creates the record. Checks nothing.
    public init(prompt: Message, kScoredGenerations: [ScoredMessage]) {
        (self.prompt, self.kScoredGenerations) = (prompt, kScoredGenerations)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "KScoredPromptGenerations", Self.init,
        Field("prompt", \.prompt, "The dialog's last message."),
        Field("k_scored_generations", \.kScoredGenerations, "The candidates, in the request's order."))
}

/// Candidates to score.
public struct RewardScoringRequest: WireRecord, Hashable {
    /// Dialogs and their candidates. May be empty.
    public var promptGenerations: [KPromptGenerations]
    /// The id or alias of the reward model.
    public var model: RewardModel

    /// Creates the record. Checks nothing.
    public init(promptGenerations: [KPromptGenerations], model: RewardModel) {
        (self.promptGenerations, self.model) = (promptGenerations, model)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "RewardScoringRequest", Self.init,
        Field("prompt_generations", \.promptGenerations, "Dialogs and their candidates."),
        Field("model", \.model, "The reward model."))
}

/// The scores.
public struct RewardScoringResponse: WireRecord, Hashable {
    /// One item for each dialog, in the request's order.
    public var scoredGenerations: [KScoredPromptGenerations]

    /// Creates the record. Checks nothing.
    public init(scoredGenerations: [KScoredPromptGenerations]) {
        self.scoredGenerations = scoredGenerations
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "RewardScoringResponse", Self.init,
        Field("scored_generations", \.scoredGenerations, "In the request's order."))
}
