/// A stretch of a reply as it comes: ordinary text, or a mark that came as a control token.
package enum ReplyPiece: Sendable, Equatable {
    case text(String)
    case mark(ReplyMark)
}

/// How one model writes replies.
package struct ReplyFormat: Sendable, Equatable {
    package enum Beginning: Sendable, Equatable {
        case answer
        /// The prompt ends with the mark that opens a thought.
        case thought(ReplyMark)
        /// The prompt ends with functionary's mark of whom the reply is for: `>>>`, or `<|recipient|>` of version 2.
        case recipient(ReplyMark)
    }

    package var forms: CallForms
    /// The marks that the vocabulary has as control tokens.
    package var controls: Set<ReplyMark>
    package var beginning: Beginning

    package init(forms: CallForms = .all, controls: Set<ReplyMark> = [], beginning: Beginning = .answer) {
        (self.forms, self.controls, self.beginning) = (forms, controls, beginning)
    }
}

/// The limits on parsing a reply.
package struct ReplyLimits: Sendable, Equatable {
    /// Bytes of one call's text; a longer one is text, not a call.
    package var callBytesMax = 64 << 10
    package var callsMax = 32
    /// Bytes that may be read in vain for calls that were none; after them all is text.
    package var vainBytesMax = 1 << 20
    package init() {}
}

extension ReplyFormat.Beginning {
    /// Where a reply to this prompt begins.
    package init(after prompt: Prompt, forms: CallForms) {
        self = .answer
        guard let last = prompt.segments.last, last.isTrusted else { return }
        let end = last.text.trimmed
        if let thought = ReplyMark.thoughts.first(where: { end.hasSuffix($0.open.text) }) {
            self = .thought(thought.open)
        } else if let mark = ReplyMark.recipients.first(where: { forms.marks.contains($0) && end.hasSuffix($0.text) }) {
            self = .recipient(mark)
        }
    }
}
