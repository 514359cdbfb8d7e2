import ContractBridge
import Foundation

/// The head of an answer, line by line. An interim answer (100) before it is forgotten.
struct HeadParser {
    /// All lines together.
    static let bytesMax = 256 << 10
    static let headersMax = 1_000

    private(set) var status = 0
    private(set) var headers: [[String]] = []
    private(set) var isWhole = false
    private var bytes = 0

    /// Takes a line with its end. Throws when the head is too long.
    mutating func take(_ line: UnsafeRawBufferPointer) throws(CallError) {
        // Trailers after the body are ignored.
        guard !isWhole else { return }
        bytes += line.count
        guard bytes <= Self.bytesMax, headers.count < Self.headersMax else {
            throw CallError.upstream(
                "the head of its host's answer is longer than \(Self.bytesMax) bytes or \(Self.headersMax) headers")
        }
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("HTTP/") {
            headers = []
            let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        } else if text.isEmpty {
            isWhole = status >= 200
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers.append([String(text[..<colon]), value])
        }
    }

    func values(of name: String) -> [String] {
        headers.filter { $0[0].lowercased() == name }.map { $0[1] }
    }
}
