import ProviderKit

/// A model's part in the turns of an agent: its answer to each inference since the user's last message. Written as JSON
/// into the agent's instructions.
struct ScriptedRounds: WireRecord {
    /// The answer of one inference.
    struct Round: WireRecord {
        /// Pieces, sent one by one; each may be a ``Script``.
        var text: [String]
        var calls: [ToolCall]
        var stop: StopReason

        static let object = Object(
            "Round", isComponent: false, Self.init, Field("text", \.text, default: []),
            Field("calls", \.calls, default: []), Field("stop", \.stop, default: .finishedOK))
    }

    var rounds: [Round]

    static let object = Object("ScriptedRounds", isComponent: false, Self.init, Field("rounds", \.rounds))

    /// nil when the dialog's system message is no script.
    init?(_ dialog: Dialog) throws {
        guard let first = dialog.messageHistory.first, first.role == .system, first.content.text.hasPrefix("{\"rounds")
        else { return nil }
        try self.init(json: JSON(parsing: Array(first.content.text.utf8)), at: FieldPath.root["rounds"])
    }

    private init(rounds: [Round]) { self.rounds = rounds }

    /// The answer that is due; without tools to call, its words alone.
    func next(_ request: ChatCompletionRequest) -> Round {
        let messages = request.dialog.messageHistory + [request.dialog.message]
        let since = messages.lastIndex { $0.role == .user } ?? 0
        let index = messages[since...].count { $0.role == .assistant }
        var round = index < rounds.count ? rounds[index] : Round(text: ["the end"], calls: [], stop: .finishedOK)
        guard request.availableTools.isEmpty, !round.calls.isEmpty else { return round }
        round.calls = []
        round.text.append("without tools")
        return round
    }
}
