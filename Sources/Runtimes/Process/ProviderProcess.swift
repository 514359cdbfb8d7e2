import CChildProcess
import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization

/// One life of a child that runs a provider: the process, its connection, its output. When either ends, so does the
/// other.
final class ProviderProcess: Sendable {
    /// How a life ended.
    struct End: Sendable {
        /// "ended by SIGSEGV", "broke the protocol: …".
        var reason: String
        /// The error for calls that were open.
        var error: CallError
        var report: ExitReport
        /// The child's report of its crash: signal, module and offset, thread, method, request id.
        var crash: JSON
    }

    private struct State {
        /// Why it is being ended, when that was not the provider's doing alone.
        var cause: (code: ErrorCode, reason: String)?
        var health = ProviderHealth()
        var recentLines: [String] = []
        var notes = NoteBudget(linesMax: NoteBudget.receivedLinesMax)
    }

    private static let recentLinesMax = 50
    private static let lineCharactersMax = 8192
    /// A child that leaves more than this unread is ended.
    private static let pendingBytesMax = 512 * 1024 * 1024
    /// The time limit for reading what the child sent before its end.
    private static let lastFramesSeconds = 1.0

    private static let startNiceness: Int32 = 5

    let peer: CallPeer
    let started = DispatchTime.now()
    private let child: ChildProcess
    private let crash: CrashPipe
    private let label: String
    private let host: HostReach
    private let state: Mutex<State>
    private let ended = Once<End>()
    /// Everything that it sent was read.
    private let drained = Once<Void>()

    /// Starts the child. Blocks for some milliseconds.
    ///
    /// - Parameter yields: until ``endNiceness()`` it gives way to others who are being answered, where that can
    ///   be taken back: a provider that crashes again and again does not slow them down.
    init(
        executable: String, label: String, environment: [String: String], settings: IsolationSettings,
        host: HostReach, yields: Bool = false
    ) throws {
        let (ours, theirs) = try FrameSocket.pair()
        let output = ChildOutput(label: label, log: host.log)
        let crash = try CrashPipe()
        // Their numbers alone would not keep the two open until the child has them.
        child = try withExtendedLifetime((theirs, crash)) {
            var options = ChildProcess.Options(
                executable: executable, arguments: [String(getpid())], environment: environment,
                descriptors: [3: theirs.descriptor, 4: crash.writeEnd], limits: LimitPlan(settings.limits),
                label: label, onLine: { output.take($0) })
            if yields, ChildProcess.canEndNiceness { options.niceness = Self.startNiceness }
            return try ChildProcess.start(options)
        }
        crash.closeWriteEnd()
        self.crash = crash
        peer = CallPeer(
            FrameLink(ours, pendingBytesMax: Self.pendingBytesMax), readCredit: settings.creditBytes,
            requestBytesMax: CallPeer.requestBytesMax)
        self.label = label
        self.host = host
        state = Mutex(State())
        output.onLine = { [weak self] in self?.remember($0) }
        child.onExit { [weak self] report in self?.exited(report) }
        let reader = Thread { [weak self, peer, drained] in
            defer { drained.fire() }
            do {
                try peer.link.receive { frame in try self?.take(frame) }
            } catch {
                self?.fail(.providerProtocolError, "broke the protocol: \(error)")
            }
            // Its end of the socket is closed: it is ending, or of no use any more.
            self?.child.kill()
        }
        reader.name = label
        reader.qualityOfService = .userInitiated
        reader.stackSize = 1 << 20
        reader.start()
    }

    deinit {
        child.kill()
        peer.link.close()
        // Once the process has ended, nothing else would end them.
        peer.end(CallError(.providerUnavailable, "the provider \(label) was stopped"))
    }

    var pid: pid_t { child.pid }
    var facts: ProcessFacts? { child.facts }

    /// The start, if it gave way to others, is over.
    func endNiceness() { child.endNiceness() }

    /// As the child last said.
    var health: ProviderHealth { state.withLock { $0.health } }
    var recentLines: [String] { state.withLock { $0.recentLines } }

    func whenEnded(_ observe: @escaping @Sendable (End) -> Void) { ended.whenSet(observe) }
    func end() async -> End { await ended.value() }

    /// The whole answer of a call, within a limit.
    func answer(_ request: CallRequest, withinSeconds seconds: Double) async -> (bytes: [UInt8], error: CallError?) {
        let once = Once<([UInt8], CallError?)>()
        let peer = peer
        Task { once.set(await peer.answer(request)) }
        once.set(
            ([], CallError(.providerTimeout, "no answer within \(Quote.seconds(seconds)) s")), afterSeconds: seconds)
        return await once.value()
    }

    /// Asks which function of the provider has not returned.
    func ping() {
        state.withLock { $0.health.asked() }
        peer.link.send(Frame(kind: .ping))
    }

    /// Ends the process because of a rule that it broke. The first cause counts.
    func fail(_ code: ErrorCode, _ reason: String) {
        state.withLock { state in if state.cause == nil { state.cause = (code, reason) } }
        child.terminate(graceSeconds: code == .providerProtocolError ? 0 : 2)
    }

    /// Closes the connection, which a child takes as its end.
    func stop(graceSeconds: Double) {
        peer.link.close()
        child.terminate(graceSeconds: graceSeconds)
    }

    private func exited(_ report: ExitReport) {
        // Our end of the socket gives what lies in it, and then its end: an answer that was whole before a crash is
        // whole.
        peer.link.close()
        drained.set((), afterSeconds: Self.lastFramesSeconds)
        drained.whenSet { self.conclude(report) }
    }

    private func conclude(_ report: ExitReport) {
        let cause = state.withLock { $0.cause }
        var how = report.status.description
        if let limit = report.limit { how += ", for its limit on \(limit.rawValue)" }
        let reason = cause?.reason ?? how
        let error = CallError(cause?.code ?? .providerCrashed, "the provider \(label) \(reason)")
        // First, so that a caller which asks again at once does not meet the dead process.
        ended.set(
            End(reason: cause == nil ? how : "\(reason); \(how)", error: error, report: report, crash: crash.record))
        peer.end(error)
    }

    // MARK: what the child sends

    private func take(_ frame: Frame) throws {
        switch frame.kind {
        case .log:
            guard let json = try? JSON(parsing: frame.payload), let line = LogLine(json: json, source: label) else {
                throw FrameError("a line of the log that can't be read")
            }
            take(line)
        case .metric:
            guard let json = try? JSON(parsing: frame.payload), let measurement = Measurement(json: json, source: label)
            else { throw FrameError("a measurement that can't be read") }
            host.metrics.record(measurement)
        case .pong:
            let json = (try? JSON(parsing: frame.payload)) ?? [:]
            state.withLock { $0.health.answered(json) }
        case .ping: throw FrameError("an unexpected ping")
        case .call, .write, .finish, .credit, .cancel:
            try peer.take(frame) { [host] request, sink in Self.serve(request, sink, host) }
        }
    }

    private func take(_ line: LogLine) {
        let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
        let (passes, dropped) = state.withLock { $0.notes.take(at: now) }
        if dropped > 0 { host.log.log(.warning, NoteBudget.notice(dropped: dropped), source: label) }
        guard passes else { return }
        remember(line.message)
        host.log.log(line.level, line.message, line.fields, source: label)
    }

    private static func serve(
        _ request: CallRequest, _ sink: any AnswerSink, _ host: HostReach
    ) -> @Sendable () -> Void {
        if let tell = [PeerTarget.announce: host.announce, PeerTarget.withdraw: host.withdraw][request.target] {
            guard let json = try? JSON(parsing: request.body) else {
                sink.finish(CallError(.badRequest, "the resource must be a JSON object"))
                return {}
            }
            Task { sink.finish(await tell(json)) }
            return {}
        }
        do { return try host.call(request, sink) } catch {
            sink.finish(error)
            return {}
        }
    }

    private func remember(_ line: String) {
        state.withLock { state in
            state.recentLines.append(String(line.prefix(Self.lineCharactersMax)))
            if state.recentLines.count > Self.recentLinesMax { state.recentLines.removeFirst() }
        }
    }
}

/// A child's output, as lines of the log.
private final class ChildOutput: Sendable {
    private let label: String
    private let log: LogSink
    private let observer = Mutex<(@Sendable (String) -> Void)?>(nil)

    init(label: String, log: LogSink) {
        self.label = label
        self.log = log
    }

    var onLine: (@Sendable (String) -> Void)? {
        get { observer.withLock { $0 } }
        set { observer.withLock { $0 = newValue } }
    }

    func take(_ line: OutputLine) {
        onLine?(line.text)
        let level: LogLevel = line.isNotice ? .warning : .info
        log.log(level, Quote.printable(line.text, charactersMax: 8192), ["stream": line.stream.rawValue], source: label)
    }
}

/// Where a child that crashes says what it was doing, before it ends.
private final class CrashPipe: Sendable {
    private static let recordBytesMax = 4096
    private let readEnd: Int32
    private let write: Mutex<Int32>

    init() throws(SystemFailure) {
        var ends: [Int32] = [-1, -1]
        let answer = ccp_pipe(&ends)
        guard answer == 0 else { throw SystemFailure("pipe", answer) }
        readEnd = ends[0]
        write = Mutex(ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    var writeEnd: Int32 { write.withLock { $0 } }

    func closeWriteEnd() {
        write.withLock { end in
            if end >= 0 { close(end) }
            end = -1
        }
    }

    /// null when it wrote nothing. For after its end; does not wait.
    var record: JSON {
        var bytes = [UInt8](repeating: 0, count: Self.recordBytesMax)
        let count = read(readEnd, &bytes, bytes.count)
        guard count > 0 else { return .null }
        let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
        return (try? JSON(parsing: Array(line))) ?? .null
    }
}
