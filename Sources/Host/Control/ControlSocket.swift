import Foundation
import LlamaStackAPI

/// The protocol of `<state>/control.sock`, shared by both ends: one line of JSON is a request, one its answer:
/// {"method": "ps"} → {"result": …} or {"error": {"code", "message"}}.
enum ControlSocket {
    static let fileName = "control.sock"
    static let requestBytesMax = 64 * 1024
    static let connectionsMax = 8
    /// How long one end may take over sending its line.
    static let lineSeconds = 5.0

    /// A descriptor that is connected to the socket in this folder or, for the server, bound to it and listening.
    static func open(folder: String, isServer: Bool) throws(SocketFailure) -> Int32 {
        let handle = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { throw SocketFailure("socket", errno) }
        do throws(SocketFailure) {
            try attach(handle, folder, isServer)
        } catch {
            close(handle)
            throw error
        }
        return handle
    }

    private static func attach(_ handle: Int32, _ folder: String, _ isServer: Bool) throws(SocketFailure) {
        // An address has 107 bytes, a path may have 4,095: the way through a descriptor is short.
        let directory = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SocketFailure(folder, errno) }
        defer { close(directory) }
        var address = address("/proc/self/fd/\(directory)/\(fileName)")
        if isServer {
            // The lock of the folder is ours, so the process that left this one has ended.
            unlinkat(directory, fileName, 0)
            // The mode that bind() takes: no other has a moment to connect, and the process's umask stays as it is.
            fchmod(handle, 0o600)
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                isServer ? bind(handle, $0, length) : connect(handle, $0, length)
            }
        }
        guard result == 0 else { throw SocketFailure(isServer ? "bind" : "connect", errno) }
        guard isServer else { return }
        guard listen(handle, Int32(connectionsMax)) == 0 else { throw SocketFailure("listen", errno) }
    }

    static func remove(folder: String) { unlink("\(folder)/\(fileName)") }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return address
    }

    // MARK: lines

    /// Up to the newline; nil when it is too long or does not come in time. `seconds` nil: waits for as long as it
    /// takes.
    static func readLine(_ handle: Int32, bytesMax: Int, seconds: Double?) -> [UInt8]? {
        let end = seconds.map { ContinuousClock.now + .seconds($0) }
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while line.count <= bytesMax {
            guard wait(handle, Int16(POLLIN), until: end) else { return nil }
            let count = recv(handle, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return nil }
            line += buffer[..<count]
            if let newline = line.firstIndex(of: 0x0A) { return newline > bytesMax ? nil : Array(line[..<newline]) }
        }
        return nil
    }

    /// False when the other end is gone, or does not read in time.
    @discardableResult
    static func writeLine(_ handle: Int32, _ json: JSON) -> Bool {
        let end = ContinuousClock.now + .seconds(lineSeconds)
        let bytes = json.bytes + [0x0A]
        var sent = 0
        while sent < bytes.count {
            guard wait(handle, Int16(POLLOUT), until: end) else { return false }
            let count = bytes[sent...].withUnsafeBytes {
                send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func wait(_ handle: Int32, _ events: Int16, until end: ContinuousClock.Instant?) -> Bool {
        while true {
            var asked = pollfd(fd: handle, events: events, revents: 0)
            let left = end.map { max(0, ($0 - .now) / .milliseconds(1)).rounded(.up) }
            let count = poll(&asked, 1, left.map { Int32(min($0, 1e6)) } ?? -1)
            if count > 0 { return true }
            if count < 0, errno == EINTR { continue }
            return false
        }
    }
}

/// A call to the operating system that failed.
struct SocketFailure: Error, CustomStringConvertible {
    var call: String
    var code: Int32

    init(_ call: String, _ code: Int32) { (self.call, self.code) = (call, code) }

    var description: String { "\(call): \(String(cString: strerror(code)))" }
}
