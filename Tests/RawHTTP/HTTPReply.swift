/// The head of an answer.
package struct HTTPHead: Sendable {
    package var status: Int
    /// Names in lower case.
    package var headers: [String: String]

    /// nil: not the head of an HTTP answer.
    init?(_ text: String) {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        self.status = status
        headers = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
    }
}

/// A whole answer.
package struct HTTPReply: Sendable {
    package var head: HTTPHead
    package var body: [UInt8]

    package var status: Int { head.status }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// What went wrong on the client's side.
package struct RawHTTPError: Error, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
