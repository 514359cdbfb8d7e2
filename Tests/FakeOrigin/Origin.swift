import CTestTLS
import Foundation
import Synchronization

/// A web server on this machine that counts its connections and answers as a test tells it. It waits on threads of its
/// own: one takes connections, and each connection has one.
package final class Origin: Sendable {
    /// Answers a request, its head and the body that `Content-Length` announces. It runs on the connection's thread and
    /// may block there; it ends when a `send` returns false. Unless it closes the connection, the next request is read.
    package typealias Script = @Sendable (_ request: String, _ connection: OriginConnection) -> Void

    package let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var connections = 0
        var requests: [String] = []
        /// The sockets of the clients that are connected now.
        var open: Set<Int32> = []
        var threads = 0
        var isEnding = false
        var onEnd: CheckedContinuation<Void, Never>?
    }

    package var connections: Int { state.withLock { $0.connections } }
    /// Every request that came, whole.
    package var requests: [String] { state.withLock { $0.requests } }

    /// Runs `body` with an origin, and ends it and all its connections.
    package static func run<R>(
        host: String = "127.0.0.1", tls: Bool = false, _ script: @escaping Script, _ body: (Origin) async throws -> R
    ) async throws -> R {
        let origin = try Origin(host: host, tls: tls ? try TLSServer() : nil, script)
        do {
            let result = try await body(origin)
            await origin.end()
            return result
        } catch {
            await origin.end()
            throw error
        }
    }

    private init(host: String, tls: TLSServer?, _ script: @escaping Script) throws {
        (listener, port) = try Self.listen(host)
        thread { self.takeConnections(tls, script) }
    }

    private func end() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.isEnding = true
                shutdown(listener, Int32(SHUT_RDWR))
                for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
                if state.threads > 0 { state.onEnd = continuation }
                return state.threads == 0
            }
            if isOver { continuation.resume() }
        }
        close(listener)
    }

    /// A thread that `end` waits for.
    private func thread(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.threads += 1 }
        Thread.detachNewThread {
            body()
            let onEnd = self.state.withLock { state in
                state.threads -= 1
                return state.threads == 0 ? state.onEnd.take() : nil
            }
            onEnd?.resume()
        }
    }

    // MARK: Connections

    private func takeConnections(_ tls: TLSServer?, _ script: @escaping Script) {
        while true {
            let descriptor = accept(listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let isTaken = state.withLock { state in
                guard !state.isEnding else { return false }
                state.connections += 1
                state.open.insert(descriptor)
                return true
            }
            guard isTaken else {
                close(descriptor)
                continue
            }
            thread { self.serve(descriptor, tls, script) }
        }
    }

    private func serve(_ descriptor: Int32, _ tls: TLSServer?, _ script: Script) {
        if let connection = OriginConnection(descriptor, tls) {
            while let request = connection.nextRequest() {
                state.withLock { $0.requests.append(request) }
                script(request, connection)
            }
            connection.end()
        }
        // From here on the number may be another socket's, which `end` must not shut down.
        _ = state.withLock { $0.open.remove(descriptor) }
        close(descriptor)
    }

    /// - Parameter host: an address; "::" takes the connections to every address of this machine, IPv4 ones too.
    private static func listen(_ host: String) throws -> (descriptor: Int32, port: Int) {
        var hints = addrinfo()
        hints.ai_flags = Int32(AI_NUMERICHOST | AI_PASSIVE)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "0", &hints, &found) == 0, let address = found else {
            throw OriginFailure("\(host) is not an address")
        }
        defer { freeaddrinfo(found) }

        let descriptor = socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var off: Int32 = 0
        if address.pointee.ai_family == AF_INET6 {
            setsockopt(
                descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
        }
        var bound = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let port = withUnsafeMutablePointer(to: &bound) { pointer -> UInt16? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
                    Foundation.listen(descriptor, 1024) == 0, getsockname(descriptor, pointer, &size) == 0
                else { return nil }
                // The port is in the same place in an IPv6 address.
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
        guard let port else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw OriginFailure("cannot listen on \(host): \(reason)")
        }
        return (descriptor, Int(port))
    }

    // MARK: Scripts

    package static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/Fixtures"

    /// Answers every request with these bytes, and closes.
    package static func answering(_ text: String) -> Script {
        { _, connection in connection.send(text, thenClose: true) }
    }

    package static func ok(_ body: String, type: String = "text/plain") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    package static func redirect(_ status: Int, to location: String) -> String {
        "HTTP/1.1 \(status) Moved\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n"
    }
}

struct OriginFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
