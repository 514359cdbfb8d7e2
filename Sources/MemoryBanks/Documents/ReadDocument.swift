/// The text of a document.
package struct ReadDocument: Sendable, Equatable {
    package var text: String
    /// The encoding of its bytes, by the Encoding Standard's name; nil where there is none.
    package var encoding: String?
    /// Nothing said so: its bytes look like it.
    package var isGuess = false

    package init(text: String, encoding: String? = nil, isGuess: Bool = false) {
        (self.text, self.encoding, self.isGuess) = (text, encoding, isGuess)
    }
}

/// Why a document has no text: it is kept, and not searched.
package struct UnreadDocument: Error, Equatable, CustomStringConvertible {
    package var state: DocumentState
    /// For the one who sent it.
    package var reason: String

    package init(_ state: DocumentState, _ reason: String) { (self.state, self.reason) = (state, reason) }

    package var description: String { reason }
}
