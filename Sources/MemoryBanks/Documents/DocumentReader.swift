import Foundation
import ProviderKit

/// Reads the text of documents of every type that this machine can read. Plain UTF-8 is read here; all that needs a
/// parser or a conversion is read in a process of its own: PDF by poppler, the rest by `llama-stack-document-reader`.
package struct DocumentReader: Sendable {
    /// nil: PDF documents are not read.
    package let pdf: PDFText?
    /// nil: only plain UTF-8 is read.
    package let processes: ReaderProcesses?

    package init(pdf: PDFText?, processes: ReaderProcesses?) { (self.pdf, self.processes) = (pdf, processes) }

    /// Why documents like this are not read at all, whatever they hold; nil: they are.
    package func refusal(_ kind: DocumentKind) -> UnreadDocument? {
        switch kind.format {
        case nil: .unsupported(kind.mimeType)
        case .pdf: pdf == nil ? Self.noPDF : nil
        case .plain: nil
        default: processes == nil ? Self.noProgram : nil
        }
    }

    /// Blocks for as long as a document takes: not for Swift's shared threads.
    package func read(_ document: PendingDocument) throws(UnreadDocument) -> ReadDocument {
        let content = document.content
        let kind = DocumentKind(document.mimeType, content)
        guard let format = kind.format else { throw .unsupported(kind.mimeType) }
        if format == .pdf {
            guard let pdf else { throw Self.noPDF }
            do { return ReadDocument(text: try pdf.read(content)) } catch { throw error.unread }
        }
        if format == .plain, let text = PlainText.read(content, charset: kind.charset) {
            return ReadDocument(text: text, encoding: "utf-8")
        }
        guard let processes else { throw Self.noProgram }
        return try processes.read(content, as: format, charset: kind.charset, bank: document.bank)
    }

    private static let noPDF = UnreadDocument(
        .unsupportedType,
        "this server can't read PDF: there is no pdftotext on the PATH; install poppler-utils, restart, and update "
            + "the document")
    private static let noProgram = UnreadDocument(
        .unsupportedType,
        "this server reads plain UTF-8 alone: there is no \(ReaderProgram.name) beside its library; install it, "
            + "restart, and update the document")
}
