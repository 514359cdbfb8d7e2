import ChatTemplates
import Checkpoints
import Tokenizers

/// How one model's tokens and turns are written: what stands between a request's words and the engine's numbers.
/// Immutable, any thread.
package struct ModelLanguage: Sendable {
    package let tokenizer: any Tokenizer
    /// nil when the checkpoint has no chat template and its vocabulary shows none; `chatFormatError` then says why.
    package let chatFormat: ChatFormat?
    package let chatFormatError: TemplateError?
    /// Tokens that end an answer.
    let completionStops: Set<Int32>
    package let chatStops: Set<Int32>
    /// The token that the template puts behind a reply; nil where it puts none, or there is no template.
    let endOfReply: Int32?
    /// The control tokens that mark thoughts and tool calls.
    let replyMarks: [Int32: ReplyMark]
    private let callForms: CallForms

    /// - Throws: what is wrong with the vocabulary, or a `TemplateError` for a chat template that can't be parsed.
    package init(_ checkpoint: ModelCheckpoint) throws {
        try self.init(tokenizer: checkpoint.makeTokenizer(), templates: checkpoint.chatTemplates)
    }

    private init(tokenizer: any Tokenizer, templates: ChatTemplateSources?) throws {
        self.tokenizer = tokenizer
        func text(_ token: Int32?) -> String {
            token.map { String(decoding: tokenizer.bytes(of: $0, showingControl: true), as: UTF8.self) } ?? ""
        }
        do throws(TemplateError) {
            chatFormat = try .choose(
                template: templates?.plain, toolTemplate: templates?.tools, bosToken: text(tokenizer.bos),
                eosToken: text(tokenizer.eos),
                hasToken: { tokenizer.token(named: $0) != nil })
            chatFormatError = nil
        } catch {
            // A template that is there must be right; a model without one can still continue texts.
            if templates?.plain.isEmpty == false { throw error }
            chatFormat = nil
            chatFormatError = error
        }
        completionStops = tokenizer.endOfTurnTokens
        chatStops = completionStops.union((chatFormat?.stopTokens ?? []).compactMap(tokenizer.token(named:)))
        replyMarks = Dictionary(
            uniqueKeysWithValues: ReplyMark.allCases.compactMap { mark in
                guard let token = tokenizer.token(named: mark.text), tokenizer.isControl(token) else { return nil }
                return (token, mark)
            })
        endOfReply = Self.endOfReply(chatFormat, tokenizer, chatStops)
        callForms = chatFormat?.callForms ?? .all
    }

    /// The tokens of a text to continue. Nothing in it becomes a control token.
    package func prompt(continuing text: String) -> [Int32] {
        let words = tokenizer.encode(text, special: false)
        guard tokenizer.addsBOS, let bos = tokenizer.bos else { return words }
        return [bos] + words
    }

    /// The tokens of a conversation up to the answer's first, and how the answer will be written. Only the template's
    /// own words become control tokens, the begin-of-text token among them.
    package func prompt(
        answering conversation: ChatConversation
    ) throws(TemplateError) -> (tokens: [Int32], reply: ReplyFormat) {
        guard let chatFormat else { throw chatFormatError ?? TemplateError(.evaluation, line: 0, "no chat format") }
        let prompt = try chatFormat.prompt(conversation)
        let tokens = tokenizer.encode(segments: prompt.segments.map { ($0.text, special: $0.isTrusted) })
        let reply = ReplyFormat(
            forms: callForms, controls: Set(replyMarks.values), beginning: .init(after: prompt, forms: callForms))
        return (tokens, reply)
    }
}
