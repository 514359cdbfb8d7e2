import Foundation
import ProviderKit
import Synchronization

/// Checks the documents of a call before the database sees them: against the limits, and the URLs that they name
/// against the rules for URLs.
final class DocumentIntake: Sendable {
    private let limits: BankLimits
    private let reader: DocumentReader
    /// nil: a URL is a text like any other.
    private let fetcher: (any DocumentFetcher)?
    private let log: Log
    /// Said once: documents came that could be read if a program were there.
    private let hasMissedProgram = Atomic<Bool>(false)

    init(_ limits: BankLimits, _ reader: DocumentReader, _ fetcher: (any DocumentFetcher)?, log: Log) {
        (self.limits, self.reader, self.fetcher, self.log) = (limits, reader, fetcher, log)
    }

    func rows(of documents: [MemoryBankDocument]) async throws -> [DocumentRow] {
        guard documents.count <= limits.documentsPerCallMax else {
            throw ProviderError(
                .invalidRequest,
                "the body holds \(documents.count) documents, and documents_per_call_max is \(limits.documentsPerCallMax); "
                    + "send them in several calls")
        }
        var ids: Set<OpaqueID> = []
        let rows = try documents.enumerated().map { index, document in
            guard ids.insert(OpaqueID(document.uuid)).inserted else {
                throw ProviderError(
                    .invalidRequest, "[\(index)].uuid comes twice in one request", field: "[\(index)].uuid")
            }
            try document.uuid.checkForNUL(at: "[\(index)].uuid")
            try document.mimeType.checkForNUL(at: "[\(index)].mime_type")
            return try DocumentRow(
                document, at: "[\(index)]", metadataBytesMax: limits.metadataBytesMax, reader: reader,
                isFetching: fetcher != nil)
        }
        // What has a reason could be read if a program were installed.
        if let reason = rows.lazy.compactMap(\.reason).first { sayThatProgramIsMissing(reason) }
        if let fetcher { try await check(documents, fetcher) }
        return rows
    }

    private func sayThatProgramIsMissing(_ reason: String) {
        guard !hasMissedProgram.exchange(true, ordering: .relaxed) else { return }
        log.warning("documents are kept and not indexed", ["reason": reason])
    }

    /// A URL that a document names must be allowed; whether it can be fetched is found out later.
    private func check(_ documents: [MemoryBankDocument], _ fetcher: any DocumentFetcher) async throws {
        for (index, document) in documents.enumerated() where URLDocument.isOne(document.mimeType) {
            let field = "[\(index)].content"
            guard let url = URLDocument.url(in: document.content.bytes) else {
                throw ProviderError(
                    .urlNotAllowed, "\(field) must be one URL, as its type is text/uri-list", field: field)
            }
            do { try await fetcher.check(url) } catch let error as ProviderError {
                guard error.code == .urlNotAllowed else { continue }
                throw ProviderError(error.code, "\(field) \(error.message)", field: field)
            }
        }
    }
}
