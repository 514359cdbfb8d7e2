import CProviderABI

/// The contract's rules for writes to one sink. The same rules hold for a provider in this process and for the
/// frames of a child's.
package struct SinkRules: Sendable {
    /// A single write larger than this breaks the contract: answers go out in pieces.
    package static let writeBytesMax = 64 * 1024 * 1024

    package enum Verdict: Sendable {
        case part(AnswerPart)
        /// A kind that this version does not know: ignored, as the contract says.
        case unknownKind
        /// The first pieces of a write that comes in several.
        case unfinished
        /// Completes "the provider broke the contract: it …".
        case broken(String)
    }

    private var kind: Int32?

    package init() {}

    /// Copies the bytes when they may pass.
    package mutating func check(_ kind: Int32, _ bytes: lsp_bytes) -> Verdict {
        guard bytes.size <= Self.writeBytesMax else {
            return .broken("wrote \(bytes.size) bytes at once; at most \(Self.writeBytesMax) are taken")
        }
        guard let copy = bytes.copied else { return .broken("wrote \(bytes.size) bytes from NULL") }
        return check(kind, copy)
    }

    package mutating func check(_ kind: Int32, _ bytes: [UInt8]) -> Verdict {
        guard kind == Int32(LSP_BODY) || kind == Int32(LSP_EVENT) else { return .unknownKind }
        guard self.kind == nil || self.kind == kind else {
            return .broken("mixed LSP_BODY and LSP_EVENT in one answer")
        }
        self.kind = kind
        guard kind == Int32(LSP_EVENT) else { return .part(.body(bytes)) }
        // Either would end the line of an SSE record, and what follows could forge another.
        if bytes.contains(UInt8(ascii: "\n")) { return .broken("wrote an event with a newline in it") }
        if bytes.contains(UInt8(ascii: "\r")) { return .broken("wrote an event with a carriage return in it") }
        return .part(.event(bytes))
    }

    /// The result of a write over the contract.
    package static func answer(_ pressure: Pressure) -> Int32 {
        switch pressure {
        case .more: Int32(LSP_MORE)
        case .pause: Int32(LSP_PAUSE)
        case .closed, .refused: Int32(LSP_CLOSED)
        }
    }

    /// The breach of a writer that goes on after LSP_PAUSE.
    package static let overrun = "ignored LSP_PAUSE: more than \(WriterLead.overrunBytesMax) bytes lay unread"
}

extension AnswerPart {
    /// LSP_BODY or LSP_EVENT.
    package var kind: Int32 {
        switch self {
        case .body: Int32(LSP_BODY)
        case .event: Int32(LSP_EVENT)
        }
    }
}
