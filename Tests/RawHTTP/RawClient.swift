import Foundation

/// Requests to a server on this machine, each over a connection of its own. Blocking.
package struct RawClient: Sendable {
    package let port: Int

    package init(port: Int) { self.port = port }

    package func get(_ path: String, seconds: Double = 60) throws -> HTTPReply {
        try reply(to: "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n", seconds: seconds)
    }

    package func post(_ path: String, _ body: [UInt8], seconds: Double = 60) throws -> HTTPReply {
        let reader = try ReplyReader(sent(path, body), seconds: seconds)
        return HTTPReply(head: reader.head, body: try reader.rest())
    }

    /// Waits for the head of the answer, which comes with its first event.
    package func stream(_ path: String, _ body: [UInt8], seconds: Double = 60) throws -> EventReader {
        EventReader(try ReplyReader(sent(path, body), seconds: seconds))
    }

    /// These bytes as they are.
    package func reply(to request: String, seconds: Double = 60) throws -> HTTPReply {
        let connection = try RawConnection(port: port)
        connection.send(request)
        let reader = try ReplyReader(connection, seconds: seconds)
        return HTTPReply(head: reader.head, body: try reader.rest())
    }

    private func sent(_ path: String, _ body: [UInt8]) throws -> RawConnection {
        let connection = try RawConnection(port: port)
        connection.send(Self.head(path, body.count, port: port) + body)
        return connection
    }

    /// The head of a POST with a JSON body of `length` bytes.
    package static func head(_ path: String, _ length: Int, port: Int) -> [UInt8] {
        Array(
            """
            POST \(path) HTTP/1.1\r
            Host: 127.0.0.1:\(port)\r
            Content-Type: application/json\r
            Content-Length: \(length)\r
            Connection: close\r
            \r\n
            """.utf8)
    }
}
