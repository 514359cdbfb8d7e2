import ProviderKit

/// Makes chunks of a document, or the reason why there are none.
struct DocumentCutter: Sendable {
    let reader: DocumentReader
    let chunker: Chunker
    let log: Log
    let metrics: Metrics

    /// Blocks for as long as a document takes: not for Swift's shared threads.
    func cut(_ document: PendingDocument) -> CutDocument {
        do throws(UnreadDocument) {
            let read = try reader.read(document)
            let chunks = chunker.chunks(read.text)
            var note = ReadingNote(read)
            if chunks.isEmpty { note.reason = "it holds no words" }
            return CutDocument(chunks.isEmpty ? .noText : .indexed, chunks: chunks, note: note)
        } catch {
            metrics.count("documents_unreadable_total")
            log.warning(
                "a document is kept and not indexed",
                ["document": document.uuid, "type": document.mimeType, "reason": error.reason])
            return CutDocument(error.state, note: ReadingNote(reason: error.reason))
        }
    }
}
