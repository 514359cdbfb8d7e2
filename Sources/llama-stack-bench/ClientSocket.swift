import Foundation
import Host

/// A connected socket to a server on this machine. It blocks, 30 s at most. One thread at a time.
final class ClientSocket: Sendable {
    private static let timeoutSeconds = 30

    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("can't open a socket") }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var timeout = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // `deinit` closes the descriptor: it runs even then.
        guard result == 0 else { throw Self.failure("can't connect to 127.0.0.1:\(port)") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Self.failure("can't send a request") }
            sent += count
        }
    }

    /// Waits for bytes; how many came, at least one.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard received != 0 else { throw CallError(.internal, "the server closed the connection") }
        guard received > 0 else { throw Self.failure("no answer within \(Self.timeoutSeconds) s") }
        return received
    }

    private static func failure(_ what: String) -> CallError {
        CallError(.internal, "\(what): \(String(cString: strerror(errno)))")
    }
}
