/// A dialog and candidates for its next message.
public struct KPromptGenerations: WireRecord, Hashable {
    public var dialog: Dialog
    public var kGenerations: [Message]

    public init(dialog: Dialog, kGenerations: [Message]) {
        (self.dialog, self.kGenerations) = (dialog, kGenerations)
    }

    public static let object = Object(
        "KPromptGenerations", isComponent: false, Self.init,
        Field("dialog", \.dialog, "What was said so far."),
        Field("k_generations", \.kGenerations, "The candidates."))
}

/// A candidate and its score.
public struct ScoredMessage: WireRecord, Hashable {
    public var message: Message
    public var score: Double

    public init(message: Message, score: Double) {
        (self.message, self.score) = (message, score)
    }

    public static let object = Object(
        "ScoredMessage", Self.init,
        Field("message", \.message, "The candidate."),
        Field("score", \.score, "More is better."))
}

/// A prompt and its scored candidates.
public struct KScoredPromptGenerations: WireRecord, Hashable {
    public var prompt: Message
    public var kScoredGenerations: [ScoredMessage]

    public init(prompt: Message, kScoredGenerations: [ScoredMessage]) {
        (self.prompt, self.kScoredGenerations) = (prompt, kScoredGenerations)
    }

    public static let object = Object(
        "KScoredPromptGenerations", Self.init,
        Field("prompt", \.prompt, "The dialog's last message."),
        Field("k_scored_generations", \.kScoredGenerations, "The candidates, in the request's order."))
}

/// Candidates to score.
public struct RewardScoringRequest: WireRecord, Hashable {
    public var promptGenerations: [KPromptGenerations]
    public var model: RewardModel

    public init(promptGenerations: [KPromptGenerations], model: RewardModel) {
        (self.promptGenerations, self.model) = (promptGenerations, model)
    }

    public static let object = Object(
        "RewardScoringRequest", Self.init,
        Field("prompt_generations", \.promptGenerations, "Dialogs and their candidates."),
        Field("model", \.model, "The reward model."))
}

/// The scores.
public struct RewardScoringResponse: WireRecord, Hashable {
    public var scoredGenerations: [KScoredPromptGenerations]

    public init(scoredGenerations: [KScoredPromptGenerations]) {
        self.scoredGenerations = scoredGenerations
    }

    public static let object = Object(
        "RewardScoringResponse", Self.init,
        Field("scored_generations", \.scoredGenerations, "In the request's order."))
}
