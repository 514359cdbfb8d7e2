import ProviderKit

/// The rows that are made of a prompt's candidates. One that was cut off is in none: a model that learns from it learns
/// to end there.
struct RowMaker {
    let form: DatasetForm
    let margin: Double

    /// - Parameter kept: in the order of their places.
    func rows(_ prompt: PromptCandidates, kept: [Candidate]) -> [JSONObject] {
        let whole = kept.filter { !$0.isCut }
        let asked = prompt.dialog.messageHistory + [prompt.prompt]
        switch form {
        case .sft: return whole.map { ["dialog": .array((asked + [$0.message]).map(Self.row))] }
        case .preference:
            guard let (chosen, rejected) = pair(whole) else { return [] }
            return [
                [
                    "prompt": .array(asked.map(Self.row)), "chosen": .string(chosen.text),
                    "rejected": .string(rejected.text),
                ]
            ]
        }
    }

    var columns: [String: DatasetColumn] {
        switch form {
        case .sft: ["dialog": .dialog]
        case .preference: ["prompt": .dialog, "chosen": .text, "rejected": .text]
        }
    }

    /// Without the lists of calls that a message has where there are none.
    private static func row(_ message: Message) -> JSON {
        ["role": .string(message.role.rawValue), "content": message.content.json]
    }

    /// The best and the worst, of equals the earlier; nil where they differ by nothing, or by less than the margin.
    private func pair(_ candidates: [Candidate]) -> (Candidate, Candidate)? {
        guard var best = candidates.first, var worst = candidates.first else { return nil }
        for candidate in candidates {
            if candidate.score > best.score { best = candidate }
            if candidate.score < worst.score { worst = candidate }
        }
        return best.score > worst.score && best.score - worst.score >= margin ? (best, worst) : nil
    }
}
