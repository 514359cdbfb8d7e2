import ContractBridge
import LlamaStackAPI

/// A server's response: the head, and the body as it arrives.
public struct NetworkResponse: Sendable {
    /// Any status of HTTP, also 404 or 500.
    public let status: Int
    /// Where the answer came from, after redirects.
    public let url: String
    /// In the order in which they came, with the server's spelling of the names.
    public let headers: [HTTPField]
    /// Read it once. Releasing it before its end closes the connection.
    public let body: NetworkBody

    init(_ answer: NetworkAnswer) {
        (status, url) = (answer.head.status, answer.head.url)
        headers = answer.head.headers.compactMap { $0.count == 2 ? HTTPField($0[0], $0[1]) : nil }
        body = NetworkBody(answer)
    }

    /// The values of a header, whatever the case of its name.
    public func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// As the server states it; empty when it does not.
    public var contentType: String { values(of: "Content-Type").first ?? "" }

    /// ``contentType`` without parameters, in lower case.
    public var mediaType: String {
        contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
    }
}

/// The bytes of an answer's body, in pieces. The server is not read from while this reader is behind.
public struct NetworkBody: AsyncSequence, Sendable {
    /// A piece of the body, never empty.
    public typealias Element = [UInt8]
    private let answer: NetworkAnswer

    init(_ answer: NetworkAnswer) { self.answer = answer }

    /// All of it. Throws `upstream_error` when it is longer than `bytesMax`.
    public func collect(bytesMax: Int) async throws -> [UInt8] {
        var whole: [UInt8] = []
        for try await piece in self {
            guard piece.count <= bytesMax - whole.count else {
                answer.cancel()
                throw ProviderError(.upstreamError, "can't be fetched: it is longer than \(bytesMax) bytes")
            }
            whole += piece
        }
        return whole
    }

    /// For one reader: pieces that one iterator took no other gets.
    public func makeAsyncIterator() -> Iterator { Iterator(answer: answer) }

    /// Reads the body piece by piece.
    public struct Iterator: AsyncIteratorProtocol {
        let answer: NetworkAnswer
        /// The next piece; nil at the end. Throws `upstream_error` when the server breaks off or breaks a limit.
        public mutating func next() async throws -> [UInt8]? { try await answer.next() }
    }
}
