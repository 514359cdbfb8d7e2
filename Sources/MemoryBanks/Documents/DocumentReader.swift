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
    package func refusal(_ mimeType: String, _ content: Data) -> UnreadDocument? {
        guard let type = MediaType(mimeType), let format = DocumentFormat(type, content) else {
            return UnreadDocument(.unsupportedType, "documents of the type '\(mimeType)' are not read")
        }
        switch format {
        case .pdf: return pdf == nil ? Self.noPDF : nil
        case .plain: return nil
        default: return processes == nil ? Self.noProgram : nil
        }
    }

    /// Whether others should not wait for it.
    ///
    /// - Parameters:
    ///   - start: the first ``DocumentFormat/sniffedBytes`` of its content, or more.
    ///   - bytes: the size of its content.
    package func effort(_ mimeType: String, start: Data, bytes: Int) -> TextEffort {
        let format = MediaType(mimeType).flatMap { DocumentFormat($0, start) }
        return TextEffort(bytes: bytes, isPDF: format == .pdf)
    }

    /// Whether they could be read if a program were installed.
    func needsProgram(_ mimeType: String, _ content: Data) -> Bool {
        MediaType(mimeType).flatMap { DocumentFormat($0, content) } != nil
    }

    /// Blocks for as long as a document takes: not for Swift's shared threads.
    package func read(_ document: PendingDocument) throws(UnreadDocument) -> ReadDocument {
        let (content, mimeType) = (document.content, document.mimeType)
        if let refusal = refusal(mimeType, content) { throw refusal }
        guard let type = MediaType(mimeType), let format = DocumentFormat(type, content) else { return .init(text: "") }
        if format == .pdf {
            guard let pdf else { throw Self.noPDF }
            do { return ReadDocument(text: try pdf.read(content)) } catch { throw error.unread }
        }
        if format == .plain, let text = PlainText.read(content, charset: type.charset) {
            return ReadDocument(text: text, encoding: "utf-8")
        }
        guard let processes else { throw Self.noProgram }
        return try processes.read(content, as: format, charset: type.charset, bank: document.bank)
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
