extension ChatMessage {
    /// The same message with the thought that an assistant's content begins with as its `reasoning`: templates decide
    /// whether a history shows it.
    package var separatingReasoning: ChatMessage {
        guard role == .assistant, reasoning == nil else { return self }
        let text = content.drop(while: \.isWhitespace)
        for (open, close) in ReplyMark.thoughts where text.hasPrefix(open.rawValue) {
            guard let end = text.firstRange(of: close.rawValue) else { continue }
            var message = self
            message.reasoning = String(text[..<end.lowerBound].dropFirst(open.rawValue.count)).trimmed
            message.content = String(text[end.upperBound...].drop(while: \.isWhitespace))
            return message
        }
        return self
    }
}
