import Foundation
import LlamaStackAPI
import Synchronization

/// Answers the operator's commands at `<state>/control.sock`, on threads of its own: also while Swift's shared threads
/// are busy.
final class ControlServer: Sendable {
    private let folder: String
    private let log: LogSink
    private let answer: @Sendable (JSON) -> JSON
    private let listener: Int32
    private let connections = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    private let accepting = Once<Void>()

    /// - Parameters:
    ///   - folder: its lock must be this process's.
    ///   - answer: to one request. May block.
    init(
        folder: String, log: LogSink, answer: @escaping @Sendable (JSON) -> JSON
    ) throws(SocketFailure) {
        (self.folder, self.log, self.answer) = (folder, log, answer)
        listener = try ControlSocket.open(folder: folder, isServer: true)
        thread("control") { server in server.accept() }
    }

    /// Takes no more requests and removes the socket. What is being answered still is.
    func stop() {
        guard !isStopping.exchange(true, ordering: .sequentiallyConsistent) else { return }
        ControlSocket.remove(folder: folder)
        shutdown(listener, Int32(SHUT_RDWR))
        accepting.waitBlocking()
        close(listener)
    }

    private func thread(_ name: String, _ body: @escaping @Sendable (ControlServer) -> Void) {
        let thread = Thread { [self] in body(self) }
        thread.name = name
        thread.stackSize = 512 << 10
        thread.start()
    }

    private func accept() {
        defer { accepting.fire() }
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            let handle = Foundation.accept(listener, nil, nil)
            guard handle >= 0 else {
                if [EINTR, ECONNABORTED].contains(errno) { continue }
                if isStopping.load(ordering: .sequentiallyConsistent) { return }
                // No descriptor is free: it may be a moment later.
                usleep(100_000)
                continue
            }
            _ = fcntl(handle, F_SETFD, FD_CLOEXEC)
            guard connections.wrappingAdd(1, ordering: .relaxed).newValue <= ControlSocket.connectionsMax else {
                let busy = CallError(.overloaded, "\(ControlSocket.connectionsMax) commands are being answered already")
                ControlSocket.writeLine(handle, ["error": busy.json])
                end(handle)
                continue
            }
            thread("control") { $0.serve(handle) }
        }
    }

    private func end(_ handle: Int32) {
        close(handle)
        connections.wrappingSubtract(1, ordering: .relaxed)
    }

    private func serve(_ handle: Int32) {
        defer { end(handle) }
        guard Self.mayAsk(handle) else {
            let refusal = CallError(.badRequest, "only the server's own user and root may ask")
            return _ = ControlSocket.writeLine(handle, ["error": refusal.json])
        }
        guard
            let line = ControlSocket.readLine(
                handle, bytesMax: ControlSocket.requestBytesMax, seconds: ControlSocket.lineSeconds)
        else { return }
        guard let request = try? JSON(parsing: line) else {
            return _ = ControlSocket.writeLine(
                handle, ["error": CallError(.invalidJSON, "the request must be one line of JSON").json])
        }
        ControlSocket.writeLine(handle, answer(request))
    }

    /// `struct ucred`.
    private struct Credentials {
        var process: Int32 = 0
        var user: UInt32 = .max
        var group: UInt32 = .max
    }

    private static func mayAsk(_ handle: Int32) -> Bool {
        var peer = Credentials()
        var size = socklen_t(MemoryLayout<Credentials>.size)
        guard getsockopt(handle, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 else { return false }
        return peer.user == geteuid() || peer.user == 0
    }
}
