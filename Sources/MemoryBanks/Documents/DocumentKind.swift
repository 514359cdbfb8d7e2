import Foundation

/// The kind of a document, by its media type and its first bytes.
package struct DocumentKind {
    package let mimeType: String
    /// nil: it is none that can be read.
    let format: DocumentFormat?
    /// As it is declared.
    let charset: String?

    package init(_ mimeType: String, _ content: some ContiguousBytes) {
        let type = MediaType(mimeType)
        self.mimeType = mimeType
        format = type.flatMap { DocumentFormat($0, content) }
        charset = type?.charset
    }

    /// Whether others should not wait for a document of this size.
    package func effort(bytes: Int) -> TextEffort { TextEffort(bytes: bytes, isPDF: format == .pdf) }
}

extension UnreadDocument {
    /// Documents of a type that none of the formats has.
    static func unsupported(_ mimeType: String) -> UnreadDocument {
        UnreadDocument(.unsupportedType, "documents of the type '\(mimeType)' are not read")
    }
}
