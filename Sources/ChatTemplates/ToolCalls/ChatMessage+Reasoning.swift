extension ChatMessage {
    /// The same message with the thought that an assistant's content begins with as its `reasoning`: templates decide
    /// whether a history shows it.
    package var separatingReasoning: ChatMessage {
        guard role == .assistant, reasoning == nil else { return self }
        let text = content.drop(while: \.isWhitespace)
        for (open, close) in ReplyMark.thoughts where text.hasPrefix(open.text) {
            guard let end = text.firstRange(of: close.text) else { continue }
            var message = self
            message.reasoning = String(text[..<end.lowerBound].dropFirst(open.text.count)).trimmed
            message.content = String(text[end.upperBound...].drop(while: \.isWhitespace))
            return message
        }
        return self
    }
}
