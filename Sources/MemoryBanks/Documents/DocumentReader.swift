import Foundation
import ProviderKit

/// Reads the text of documents of every type that this machine can read: what ``DocumentText`` reads, and PDF where
/// there is a tool for it.
package struct DocumentReader: Sendable {
    /// nil: PDF documents are not read.
    package let pdf: PDFText?

    package init(pdf: PDFText?) { self.pdf = pdf }

    package func canRead(_ mimeType: String) -> Bool {
        isPDF(mimeType) ? pdf != nil : DocumentText.canRead(mimeType)
    }

    package func isPDF(_ mimeType: String) -> Bool {
        MediaType(mimeType).map { PDFText.mimeTypes.contains($0.name) } ?? false
    }

    /// nil when there is no text that we can read. Throws a ``PDFText/Failure``. A PDF may block for a while, and
    /// everything else computes: not for Swift's shared threads.
    package func read(_ content: Data, _ mimeType: String) throws -> String? {
        guard isPDF(mimeType) else { return DocumentText.read(content, mimeType) }
        return try pdf?.read(content)
    }

    /// The same for an indexer, whose document stays without text when it can't be read: the log says why.
    package func text(of content: Data, _ mimeType: String, row: Int64, _ log: Log, _ metrics: Metrics) -> String? {
        do { return try read(content, mimeType) } catch {
            metrics.count("documents_unreadable_total")
            log.warning(
                "a document is kept and not indexed", ["row": "\(row)", "type": mimeType, "reason": "\(error)"])
            return nil
        }
    }
}
