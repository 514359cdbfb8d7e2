import CTestTLS
import Foundation

/// A client of an `Origin`, with or without TLS. Every call blocks, on the connection's own thread.
package final class OriginConnection {
    private let descriptor: Int32
    private var tls: OpaquePointer?
    private var isOpen = true
    /// Bytes that came after the last request's end.
    private var received: [UInt8] = []

    /// nil when the client broke the handshake off. The descriptor stays the caller's.
    init?(_ descriptor: Int32, _ server: TLSServer?) {
        // OpenSSL writes without MSG_NOSIGNAL.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        self.descriptor = descriptor
        guard let server else {
            tls = nil
            return
        }
        guard let connection = test_tls_connection_accept(server.server, descriptor) else { return nil }
        tls = connection
    }

    deinit { closeTLS() }

    private func closeTLS() {
        if let tls { test_tls_connection_close(tls) }
        tls = nil
    }

    // MARK: Sending

    /// False once the connection has ended.
    @discardableResult
    package func send(_ text: String, thenClose: Bool = false) -> Bool {
        let isSent = send(Array(text.utf8))
        if thenClose { end() }
        return isSent
    }

    /// The same bytes again and again, as fast as the client takes them.
    package func sendForever(_ bytes: [UInt8], _ onSent: (_ bytes: Int) -> Void = { _ in }) {
        while send(bytes) { onSent(bytes.count) }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while isOpen, sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return tls.map { test_tls_write($0, rest.baseAddress, rest.count) }
                    ?? Foundation.write(descriptor, rest.baseAddress, rest.count)
            }
            if count > 0 { sent += count } else { isOpen = false }
        }
        return isOpen
    }

    // MARK: Receiving

    /// The next head, to its empty line, and the body that its `Content-Length` announces; nil once the connection has
    /// ended.
    func nextRequest() -> String? {
        let emptyLine = Array("\r\n\r\n".utf8)
        var length: Int?
        while isOpen {
            if length == nil, let end = received.firstRange(of: emptyLine)?.upperBound {
                length = end + Self.bodyLength(received[..<end])
            }
            if let length, received.count >= length {
                defer { received.removeFirst(length) }
                return String(decoding: received[..<length], as: UTF8.self)
            }
            receive()
        }
        return nil
    }

    private func receive() {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = tls.map { test_tls_read($0, &piece, piece.count) } ?? read(descriptor, &piece, piece.count)
        if count > 0 { received += piece[..<count] } else { isOpen = false }
    }

    private static func bodyLength(_ head: ArraySlice<UInt8>) -> Int {
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            return Int(parts[1].trimmingCharacters(in: .whitespaces)) ?? 0
        }
        return 0
    }

    /// The client sees the end of the answer; the descriptor stays open.
    func end() {
        isOpen = false
        closeTLS()
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
