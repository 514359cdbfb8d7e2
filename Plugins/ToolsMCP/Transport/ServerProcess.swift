import ChildProcess
import ContractBridge
import Foundation
import ProviderKit
import Synchronization

/// A server that runs as a child of ours: bytes in both directions, its end, and its way out.
///
/// Its standard input and output are sockets, as most clients give them: a write to one never raises SIGPIPE, and a
/// reader can be woken.
final class ServerProcess: Sendable {
    /// Bytes that wait for a server which does not read.
    static let unsentBytesMax = 2 * MessageLimits.messageBytesMax
    /// Between the end of its input, SIGTERM and SIGKILL.
    static let graceSeconds = 2.0

    private let child: ChildProcess
    private let input: FrameSocket
    private let output: FrameSocket
    private let exit = Once<ExitReport>()

    private struct Unsent {
        var bytes: [UInt8] = []
        var hasWriter = false
        var isClosed = false
    }
    private let unsent = Mutex(Unsent())

    /// Starts the program. Blocks for some milliseconds. `onLine` gets its standard error.
    init(_ command: ServerCommand, onLine: @escaping @Sendable (OutputLine) -> Void) throws(ServerFault) {
        do {
            let (input, itsInput) = try FrameSocket.pair()
            let (output, itsOutput) = try FrameSocket.pair()
            var options = ChildProcess.Options(
                executable: command.program, arguments: command.arguments, environment: command.environment,
                folder: command.folder, label: "mcp", onLine: onLine)
            options.descriptors = [0: itsInput.descriptor, 1: itsOutput.descriptor]
            child = try withExtendedLifetime((itsInput, itsOutput)) { try ChildProcess.start(options) }
            (self.input, self.output) = (input, output)
        } catch {
            throw .gone("\(error)")
        }
        child.onExit { [exit, output] report in
            exit.set(report)
            // A process that it left behind may hold the other end; what was written is still read.
            shutdown(output.descriptor, Int32(SHUT_RD))
        }
    }

    var pid: pid_t { child.pid }

    // MARK: from it

    /// Calls `take` with what it writes until its output ends, or `take` answers false. Blocks: for a thread of its
    /// own.
    func read(_ take: (UnsafeRawBufferPointer) -> Bool) {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            while true {
                switch try? output.receive(into: buffer, waits: true) {
                case .bytes(let count, let descriptor, _)?:
                    if let descriptor { SealedMemory.discard(descriptor) }
                    guard take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
                case .nothing?: continue
                case .end?, nil: return
                }
            }
        }
    }

    // MARK: to it

    /// Never waits. False when it is gone, or reads nothing for too long.
    func write(_ bytes: [UInt8]) -> Bool {
        unsent.withLock { unsent in
            guard !unsent.isClosed, unsent.bytes.count + bytes.count <= Self.unsentBytesMax else { return false }
            var sent = 0
            if !unsent.hasWriter {
                do {
                    sent = try bytes.withUnsafeBytes { bytes in
                        if case .bytes(let count) = try input.send(bytes) { count } else { 0 }
                    }
                } catch { return false }
            }
            guard sent < bytes.count else { return true }
            unsent.bytes += bytes[sent...]
            if !unsent.hasWriter {
                unsent.hasWriter = true
                Thread.detachNewThread { self.writeRest() }
            }
            return true
        }
    }

    /// Until nothing is left, or its input is closed.
    private func writeRest() {
        while true {
            let next = unsent.withLock { unsent -> [UInt8] in
                defer { unsent.bytes = [] }
                if unsent.bytes.isEmpty || unsent.isClosed { unsent.hasWriter = false }
                return unsent.isClosed ? [] : unsent.bytes
            }
            guard !next.isEmpty, (try? next.withUnsafeBytes({ try input.sendAll($0) })) != nil else {
                return unsent.withLock { $0.hasWriter = false }
            }
        }
    }

    // MARK: its end

    /// How it ended: waits for that as long as `seconds`.
    func exitStatus(withinSeconds seconds: Double) -> ExitStatus? {
        let waited = DispatchSemaphore(value: 0)
        exit.whenSet { _ in waited.signal() }
        _ = waited.wait(timeout: .now() + seconds)
        return exit.current?.status
    }

    func kill() { child.kill() }

    /// Closes its input; two seconds later SIGTERM, and two seconds later SIGKILL, go to its whole group.
    func close() async {
        unsent.withLock { $0.isClosed = true }
        shutdown(input.descriptor, Int32(SHUT_RDWR))
        let child = child
        let timers = [(Self.graceSeconds, SIGTERM), (2 * Self.graceSeconds, SIGKILL)].map { seconds, number in
            let timer = DispatchSource.makeTimerSource(queue: .global())
            timer.schedule(deadline: .now() + seconds)
            timer.setEventHandler { if number == SIGKILL { child.kill() } else { child.signalGroup(number) } }
            timer.activate()
            return timer
        }
        _ = await exit.value()
        for timer in timers { timer.cancel() }
    }
}

/// How a server is started: all of it absolute.
struct ServerCommand: Sendable, Equatable {
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var folder: String
}
