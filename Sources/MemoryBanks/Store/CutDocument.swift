import ProviderKit

/// The indexer's result for a pending document.
package struct CutDocument: Sendable {
    package var state: DocumentState
    /// None unless it is indexed.
    package var chunks: [Chunk]
    package var note: ReadingNote

    package init(_ state: DocumentState, chunks: [Chunk] = [], note: ReadingNote) {
        (self.state, self.chunks, self.note) = (state, chunks, note)
    }
}

/// Remarks on how a document was read.
package struct ReadingNote: Sendable, Equatable {
    package var reason: String?
    package var encoding: String?
    package var encodingIsGuess: Bool

    package init(reason: String? = nil, encoding: String? = nil, encodingIsGuess: Bool = false) {
        (self.reason, self.encoding, self.encodingIsGuess) = (reason, encoding, encodingIsGuess)
    }

    /// UTF-8 is what is expected.
    init(_ document: ReadDocument) {
        let isPlain = document.encoding == "utf-8" && !document.isGuess
        self.init(encoding: isPlain ? nil : document.encoding, encodingIsGuess: document.isGuess)
    }

    package var isEmpty: Bool { self == ReadingNote() }
}

extension MemoryBankDocumentStatus {
    /// A document as a store has kept it.
    ///
    /// - Parameter state: a ``DocumentState``.
    package init(uuid: String, kept state: Int, mimeType: String, chunks: Int, note: ReadingNote) {
        let state = DocumentState(rawValue: state) ?? .unreadable
        let unnoted = state == .unsupportedType ? UnreadDocument.unsupported(mimeType).reason : nil
        self.init(
            uuid: uuid, state: state.wire, reason: note.reason ?? unnoted, chunks: chunks, encoding: note.encoding,
            encodingIsGuess: note.encodingIsGuess ? true : nil)
    }
}
