import Foundation

/// A TCP connection to a server on this machine, for sending exactly these bytes. Blocking: use it through `raw`.
final class RawConnection {
    private let descriptor: Int32

    init(port: Int, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
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
        guard result == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// False when the server has closed.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(text.utf8) }

    /// The connection will end with a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    func shutdownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What has come within `seconds`; nil once the server has closed. Empty: nothing came.
    func read(upTo bytesMax: Int = 65536, seconds: Double) -> [UInt8]? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(seconds * 1000)) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: bytesMax)
        let count = recv(descriptor, &buffer, bytesMax, 0)
        return count <= 0 ? nil : Array(buffer.prefix(count))
    }

    /// Everything until the server closes or `seconds` have passed.
    func readAll(seconds: Double = 5) -> (text: String, closed: Bool) {
        let end = Date.now.addingTimeInterval(seconds)
        var all: [UInt8] = []
        while Date.now < end {
            guard let piece = read(seconds: max(0.01, end.timeIntervalSinceNow)) else {
                return (String(decoding: all, as: UTF8.self), true)
            }
            all += piece
        }
        return (String(decoding: all, as: UTF8.self), false)
    }

    /// Reads until `text` has come.
    func read(until text: String, seconds: Double = 5) -> String {
        let end = Date.now.addingTimeInterval(seconds)
        var all = ""
        while Date.now < end, !all.contains(text) {
            guard let piece = read(seconds: max(0.01, end.timeIntervalSinceNow)) else { break }
            all += String(decoding: piece, as: UTF8.self)
        }
        return all
    }

    static func post(_ path: String, _ body: String, port: Int, close: Bool = true, headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(close ? "Connection: close\r\n" : "")\(headers)\r\n\(body)"
    }
}

/// Runs blocking code on a thread of its own, so that the tests never hold one of the pool's. It stays within the test's
/// task, so that what fails is known as that test's.
func raw<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(ThreadEach()) { try work() }
}

private final class ThreadEach: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
