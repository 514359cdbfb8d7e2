import Foundation
import Synchronization

/// A server that answers each request with what it was sent, and keeps its connections: a thread for each of them.
final class EchoOrigin: Sendable {
    let port: Int
    private let listener: Int32
    private let counts = Mutex((connections: 0, open: 0, requests: [String]()))

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 1024) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in acceptAll() }
        thread.start()
    }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// That were ever made, and that are open now.
    var connections: (made: Int, open: Int) { counts.withLock { ($0.connections, $0.open) } }
    /// The requests that came, whole, with their bodies.
    var requests: [String] { counts.withLock { $0.requests } }

    private func acceptAll() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            counts.withLock {
                $0.connections += 1
                $0.open += 1
            }
            let thread = Thread { [self] in
                serve(connection)
                Foundation.close(connection)
                counts.withLock { $0.open -= 1 }
            }
            thread.start()
        }
        Foundation.close(listener)
    }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        while true {
            guard let request = take(&bytes, connection) else { return }
            counts.withLock { $0.requests.append(request) }
            // "/hang" is never answered; "/silent" has a head and no end.
            if request.contains(" /hang") { continue }
            let place = request.contains(" /303") ? 303 : request.contains(" /307") ? 307 : 0
            var answer = "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n" + request
            if place != 0 {
                let target = request.split(separator: "to=").dropFirst().first?.prefix { $0 != " " } ?? "/"
                answer = "HTTP/1.1 \(place) X\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n"
            }
            if request.contains(" /silent") { answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na" }
            let sent = Array(answer.utf8).withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent == answer.utf8.count else { return }
        }
    }

    private func take(_ bytes: inout [UInt8], _ connection: Int32) -> String? {
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.upperBound]
                let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                let length = line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if bytes.count >= head.utf8.count + length {
                    defer { bytes.removeFirst(head.utf8.count + length) }
                    return String(decoding: bytes.prefix(head.utf8.count + length), as: UTF8.self)
                }
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            bytes += piece.prefix(count)
        }
    }
}

/// Waits until it holds; the test's own limit ends a wait in vain.
func eventually(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(10)) }
}

/// The descriptors that this process has open.
func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
}
