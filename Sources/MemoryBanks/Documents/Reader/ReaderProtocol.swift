import Foundation

/// The messages between a provider and `llama-stack-document-reader`, without the lengths before them. `frames.h` is
/// the other end.
enum ReaderProtocol {
    /// Before the content of a request: the format, and the charset that was declared.
    static func head(_ format: DocumentFormat, charset: String?) -> [UInt8]? {
        guard let number = number(format) else { return nil }
        let charset = Array((charset ?? "").utf8.prefix(255))
        return [number, UInt8(charset.count)] + charset
    }

    private static func number(_ format: DocumentFormat) -> UInt8? {
        switch format {
        case .plain: 0
        case .html: 1
        case .xhtml: 2
        case .markdown: 3
        case .xml: 4
        case .drawing: 5
        case .json: 6
        case .mail: 7
        case .pdf: nil
        }
    }

    /// nil when it is no answer.
    ///
    /// - Parameter forget: told how many bytes are read and not needed any more, while a long text is copied.
    static func answer(
        _ bytes: UnsafeRawBufferPointer, forget: (Int) -> Void = { _ in }
    ) -> Result<ReadDocument, UnreadDocument>? {
        guard bytes.count >= 4 else { return nil }
        let encodingEnd = 3 + Int(bytes[2])
        guard bytes.count > encodingEnd else { return nil }
        let reasonEnd = encodingEnd + 1 + Int(bytes[encodingEnd])
        guard bytes.count >= reasonEnd else { return nil }
        let encoding = String(decoding: bytes[3..<encodingEnd], as: UTF8.self)
        let reason = String(decoding: bytes[(encodingEnd + 1)..<reasonEnd], as: UTF8.self)
        switch bytes[0] {
        case 0:
            return .success(
                ReadDocument(
                    text: text(bytes[reasonEnd...], forget),
                    encoding: encoding.isEmpty ? nil : encoding, isGuess: bytes[1] == 1))
        case 1: return .failure(UnreadDocument(.unreadable, reason))
        case 2: return .failure(UnreadDocument(.unknownEncoding, reason))
        case 3: return .failure(UnreadDocument(.tooLarge, reason))
        default: return nil
        }
    }

    /// Bytes of a text that are copied before they are forgotten.
    private static let pieceBytes = 4 << 20

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>, _ forget: (Int) -> Void) -> String {
        guard bytes.count > pieceBytes else { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        text.reserveCapacity(bytes.count)
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var end = min(start + pieceBytes, bytes.endIndex)
            // Between two letters: one has three bytes at most behind its first.
            for _ in 0..<3 where end < bytes.endIndex && bytes[end] & 0xC0 == 0x80 { end -= 1 }
            text += String(decoding: bytes[start..<end], as: UTF8.self)
            forget(end)
            start = end
        }
        return text
    }
}
