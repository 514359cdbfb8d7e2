import ChatTemplates
import Tokenizers

extension ModelLanguage {
    /// The tokens of a reply to a conversation, the end of its turn among them: what the model would have generated to
    /// say it.
    func reply(_ text: String) -> [Int32] {
        let end = endOfReply ?? tokenizer.eos
        return tokenizer.encode(text, special: false) + (end.map { [$0] } ?? [])
    }

    /// The tokens of a text that goes on from another, without an end. No token spans the border: a model continues
    /// tokens, not letters.
    /// - Parameter prompt: the other text's tokens, as `prompt(continuing:)` makes them.
    func continuation(_ text: String, of content: String, _ prompt: [Int32]) -> [Int32] {
        guard tokenizer.addsSpacePrefix else { return tokenizer.encode(text, special: false) }
        // Alone it would get a space that is not its own.
        let whole = self.prompt(continuing: content + text)
        return whole.starts(with: prompt)
            ? Array(whole[prompt.count...]) : tokenizer.encode(text, special: false)
    }

    /// The tokens of a conversation as it stands, without a beginning of what comes next.
    package func tokens(of conversation: ChatConversation) throws(TemplateError) -> [Int32] {
        guard let chatFormat else { throw chatFormatError ?? TemplateError(.evaluation, line: 0, "no chat format") }
        var conversation = conversation
        conversation.addsGenerationPrompt = false
        let prompt = try chatFormat.prompt(conversation)
        return tokenizer.encode(segments: prompt.segments.map { ($0.text, special: $0.isTrusted) })
    }

    /// Found by writing a conversation that ends with a reply: the last token that ends a turn, if it is the reply's.
    static func endOfReply(_ format: ChatFormat?, _ tokenizer: any Tokenizer, _ stops: Set<Int32>) -> Int32? {
        func tokens(_ messages: [ChatMessage]) -> [Int32]? {
            let conversation = ChatConversation(messages: messages, addsGenerationPrompt: false)
            guard let prompt = try? format?.prompt(conversation) else { return nil }
            return tokenizer.encode(segments: prompt.segments.map { ($0.text, special: $0.isTrusted) })
        }
        let question = ChatMessage(role: .user, content: "a")
        guard let asked = tokens([question]),
            let answered = tokens([question, ChatMessage(role: .assistant, content: "b")]),
            let end = answered.lastIndex(where: stops.contains), end > asked.count
        else { return nil }
        return answered[end]
    }
}
