extension Prompt {
    /// The bytes of ``text`` that a model is taught to write: what messages of the assistant say, each with the token
    /// that ends its turn.
    ///
    /// Found by where the template put each message's words, so a template may move, trim or leave out what it likes. A
    /// message of which nothing is left has no range; one that is written in several turns has several.
    /// - Parameters:
    ///   - messages: their places in the conversation.
    ///   - opened: those of them that call tools or reason: the template's own words before that belong to the answer,
    ///     back to `header`.
    ///   - ends: the tokens that end a turn.
    ///   - header: what stands before an answer, if the template has that.
    package func answers(
        of messages: Set<Int>, opened: Set<Int>, endedBy ends: ControlTokens, header: String
    ) -> [(message: Int, bytes: Range<Int>)] {
        var found: [(message: Int, bytes: Range<Int>)] = []
        /// The message whose turn has not ended.
        var open: Int?
        var start = 0
        for (index, segment) in segments.enumerated() {
            let end = start + segment.text.utf8.count
            defer { start = end }
            if let message = segment.message, messages.contains(message) {
                if open == message {
                    found[found.count - 1].bytes = found[found.count - 1].bytes.lowerBound..<end
                } else {
                    let before = opened.contains(message) && index > 0 ? segments[index - 1] : nil
                    let words = before.map { $0.isTrusted ? Self.opening(of: $0.text, after: header) : 0 } ?? 0
                    found.append((message, start - words..<end))
                    open = message
                }
            } else if segment.isTrusted, open != nil {
                guard let length = Self.lengthThrough(ends, of: segment.text) else { continue }
                found[found.count - 1].bytes = found[found.count - 1].bytes.lowerBound..<start + length
                open = nil
            } else if segment.message != open {
                // Someone else's words: the turn ended without a token.
                open = nil
            }
        }
        return found
    }

    /// Bytes of `words` behind the last `header` in them; 0 where there is none.
    private static func opening(of words: String, after header: String) -> Int {
        guard !header.isEmpty, let place = Jinja.Text.trusted(words).findLast(Array(header.utf8)) else { return 0 }
        return words.utf8.count - place - header.utf8.count
    }

    /// Bytes of `words` up to the end of the first of `ends`; nil where there is none.
    private static func lengthThrough(_ ends: ControlTokens, of words: String) -> Int? {
        let bytes = Array(words.utf8)
        for place in bytes.indices {
            if let length = ends.match(bytes, at: place) { return place + length }
        }
        return nil
    }
}
