/// A stretch of a rendered prompt that comes from one side: the template's own text, or somebody's content.
package struct PromptSegment: Sendable, Equatable {
    package let text: String
    /// True for text that the template or the server wrote.  Only such text may hold control tokens.
    package let isTrusted: Bool
    /// The place, in the conversation, of the assistant's message that these words are of; nil for all other text.
    package let message: Int?

    package init(text: String, isTrusted: Bool, message: Int? = nil) {
        (self.text, self.isTrusted, self.message) = (text, isTrusted, message)
    }

    init(_ text: String, _ origin: Jinja.Origin) {
        self.text = text
        isTrusted = origin.isTrusted
        message = if case .content(let message) = origin { message } else { nil }
    }
}

/// A tokenizer's input: a control token by its text, or ordinary text to encode with control tokens switched off.
package enum PromptPiece: Sendable, Equatable {
    case control(String)
    case text(String)
}

/// A rendered prompt that remembers who wrote what.
package struct Prompt: Sendable, Equatable {
    package let segments: [PromptSegment]

    package init(segments: [PromptSegment]) { self.segments = segments }

    /// The whole prompt; equal, byte for byte, to what jinja2 renders.
    package var text: String { segments.reduce(into: "") { $0 += $1.text } }

    /// Splits the prompt at the control tokens that lie wholly in trusted text; at one place the longest wins.
    ///
    /// Text between two control tokens comes as one piece even where trust changes inside it, so that a tokeniser
    /// merges across the seam exactly as it would for a plain string.
    /// - Parameter controlTokens: the texts of the vocabulary's control and user-defined tokens.
    package func pieces(_ controlTokens: ControlTokens) -> [PromptPiece] {
        var pieces: [PromptPiece] = []
        var plain = ""
        for segment in segments {
            guard segment.isTrusted else {
                plain += segment.text
                continue
            }
            let bytes = Array(segment.text.utf8)
            var start = 0, place = 0
            while place < bytes.count {
                guard let length = controlTokens.match(bytes, at: place) else {
                    place += 1
                    continue
                }
                plain += String(decoding: bytes[start..<place], as: UTF8.self)
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(.control(String(decoding: bytes[place..<place + length], as: UTF8.self)))
                place += length
                start = place
            }
            plain += String(decoding: bytes[start...], as: UTF8.self)
        }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        return pieces
    }
}

/// A vocabulary's control tokens, ready to be looked for.  Build once per model.
package struct ControlTokens: Sendable {
    private var byFirstByte: [[[UInt8]]] = Array(repeating: [], count: 256)

    package init(_ texts: some Sequence<String>) {
        for text in texts {
            let bytes = Array(text.utf8)
            if let first = bytes.first { byFirstByte[Int(first)].append(bytes) }
        }
        for first in byFirstByte.indices { byFirstByte[first].sort { $0.count > $1.count } }
    }

    /// Length in bytes of the longest token that starts at `place`.
    func match(_ bytes: [UInt8], at place: Int) -> Int? {
        for token in byFirstByte[Int(bytes[place])] where place + token.count <= bytes.count {
            if bytes[place..<place + token.count].elementsEqual(token) { return token.count }
        }
        return nil
    }
}
