import LlamaStackAPI
import Synchronization

/// The answer to a network request: its head, and its body as it comes. One reader.
package final class NetworkAnswer: Sendable {
    /// The first line of an answer; what is longer is none.
    private static let headBytesMax = 1 << 20

    package let head: NetworkHead
    private let answer: Answer
    /// The bytes of the body that came with the head.
    private let rest: Mutex<[UInt8]>

    /// Waits for the head.
    package init(_ answer: Answer) async throws(CallError) {
        var bytes: [UInt8] = []
        var end: Int?
        while end == nil, bytes.count <= Self.headBytesMax, let parts = try await answer.nextParts() {
            for part in parts {
                let searched = bytes.count
                bytes += part.bytes
                end = end ?? bytes[searched...].firstIndex(of: UInt8(ascii: "\n"))
            }
        }
        guard let end, let json = try? JSON(parsing: Array(bytes[..<end])),
            let head = try? NetworkHead(json: json, at: .root)
        else { throw CallError(.internal, "the answer of the network has no head") }
        (self.head, self.answer) = (head, answer)
        rest = Mutex(Array(bytes[(end + 1)...]))
    }

    /// The next bytes; nil when the answer is whole.
    package func next() async throws(CallError) -> [UInt8]? {
        let first = rest.withLock { rest in
            defer { rest = [] }
            return rest
        }
        if !first.isEmpty { return first }
        guard let parts = try await answer.nextParts() else { return nil }
        return parts.count == 1 ? parts[0].bytes : parts.flatMap(\.bytes)
    }

    /// Closes the connection.
    package func cancel() { answer.cancel() }

    /// The values of a header, by its name in lower case.
    package func values(of name: String) -> [String] {
        head.headers.filter { $0[0].lowercased() == name }.map { $0[1] }
    }
}
