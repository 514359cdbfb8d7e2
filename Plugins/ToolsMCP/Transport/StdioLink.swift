import ChildProcess
import ContractBridge
import Foundation
import ProviderKit
import Synchronization

/// A server's process, spoken to in lines of JSON-RPC.
final class StdioLink: Link {
    private let process: ServerProcess
    private let pending = PendingAnswers()
    private let end = Once<String>()
    private let log: ServerLog
    private let onListChanged: @Sendable () -> Void
    private let stray = Mutex(ServerFault.Stray())

    /// Starts the process; returns when it runs.
    static func start(
        _ command: ServerCommand, log: ServerLog, onListChanged: @escaping @Sendable () -> Void
    ) async throws -> StdioLink {
        let started = await OffPool.run { () -> Result<StdioLink, ServerFault> in
            do throws(ServerFault) {
                return .success(try StdioLink(command, log, onListChanged))
            } catch { return .failure(error) }
        }
        return try started.get()
    }

    private init(
        _ command: ServerCommand, _ log: ServerLog, _ onListChanged: @escaping @Sendable () -> Void
    ) throws(ServerFault) {
        (self.log, self.onListChanged) = (log, onListChanged)
        process = try ServerProcess(command) { log.add($0) }
        let thread = Thread { [self] in readAll() }
        thread.name = "mcp-read"
        thread.start()
    }

    // MARK: to the server

    func send(_ request: ServerRequest) async throws -> JSON {
        let before = stray.withLock { $0 }
        do {
            return try await pending.answer(
                request, write: { write(RPCText.request(id: $0, request.method, request.params)) },
                abandon: { [weak self] id, why in
                    // `initialize` may not be cancelled.
                    guard request.method != "initialize" else { return }
                    self?.write(
                        RPCText.notification(
                            "notifications/cancelled", ["requestId": .integer(id), "reason": .string(why)]))
                })
        } catch ServerFault.late(let method, let seconds, let key, _) {
            let now = stray.withLock { $0 }
            throw ServerFault.late(
                method: method, seconds: seconds, key: key,
                stray: .init(lines: now.lines - before.lines, answers: now.answers - before.answers))
        }
    }

    func notify(_ method: String, _ params: JSONObject) async { write(RPCText.notification(method, params)) }

    func use(_ era: ProtocolEra?) {}

    var sessionID: String? { nil }

    private func write(_ message: [UInt8]) {
        guard message.count <= MessageLimits.messageBytesMax else {
            return fail(
                "a message to it would have \(message.count) bytes; messageBytesMax is "
                    + "\(MessageLimits.messageBytesMax)")
        }
        if !process.write(message + [UInt8(ascii: "\n")]) {
            fail("it does not read what it is sent, or has closed its input")
        }
    }

    // MARK: from the server

    private func readAll() {
        var cutter = LineCutter(bytesMax: MessageLimits.messageBytesMax)
        var reason: String?
        process.read { bytes in
            do throws(LineCutter.TooLong) {
                try cutter.feed(bytes) { self.take($0) }
                return true
            } catch {
                reason = "it wrote a message of more than \(MessageLimits.messageBytesMax) bytes (messageBytesMax)"
                self.process.kill()
                return false
            }
        }
        let status = process.exitStatus(withinSeconds: 1)
        let rest = cutter.hasRest && reason == nil ? " in the middle of a message" : ""
        let words = status.map { "its process \($0)" } ?? "its process closed its output"
        fail(reason ?? words + rest + log.lastWords)
    }

    private func take(_ line: [UInt8]) {
        switch RPCMessage(parsing: line) {
        case .answer(.integer(let id), let result)?:
            if !pending.settle(id, result.mapError { .rpc($0) }) {
                if !pending.hasMade(id) { stray.withLock { $0.answers += 1 } }
                log.note("an answer with the id \(id) is dropped: no request waits for it")
            }
        case .answer(let id, _)?:
            stray.withLock { $0.answers += 1 }
            log.note("an answer with the foreign id \(id.text.prefix(40)) is dropped")
        case .request(let id, let method)?: write(RPCText.answer(toServerRequest: method, id: id))
        case .notification("notifications/tools/list_changed")?: onListChanged()
        case .notification?: break
        case nil:
            stray.withLock { $0.lines += 1 }
            log.note("a line that is no message of JSON-RPC is dropped")
        }
    }

    // MARK: its end

    func ended() async -> String { await end.value() }

    func fail(_ sentence: String) {
        pending.end(.gone(sentence))
        end.set(sentence)
    }

    func close() async {
        fail("it is being stopped")
        await process.close()
    }

    /// The process, for tests.
    var pid: Int32 { process.pid }
}
