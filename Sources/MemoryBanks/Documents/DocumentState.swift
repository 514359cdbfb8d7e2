import ProviderKit

/// How far a document is searchable. The numbers are in databases; 2 was one for all that had no text, and is no more.
package enum DocumentState: Int, Sendable {
    /// Its text is here, and not cut yet.
    case pending = 0
    case indexed = 1
    /// A URL, whose text is to be fetched.
    case remote = 3
    // The others are kept, and not searched.
    case noText = 4
    case unreadable = 5
    case unknownEncoding = 6
    case unsupportedType = 7
    case tooLarge = 8
    case fetchFailed = 9

    /// As it is told.
    package var wire: MemoryBankDocumentState {
        switch self {
        case .pending, .remote: .pending
        case .indexed: .indexed
        case .noText: .noText
        case .unreadable: .unreadable
        case .unknownEncoding: .unknownEncoding
        case .unsupportedType: .unsupportedType
        case .tooLarge: .tooLarge
        case .fetchFailed: .fetchFailed
        }
    }
}
