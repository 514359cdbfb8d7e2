import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization

/// The inside of `llama-stack-provider-host`: runs one instance for the host at the other end of a socket.
///
/// The host opens no library of an entry with `isolation: process`: what one says of itself is read here too.
package final class ChildServer: Sendable {
    private struct State {
        var channel: InlineChannel?
        var lock: StateLock?
        var lastCall: UInt64 = 0
    }

    private let peer: CallPeer
    private let runtime: InlineRuntime
    private let log: LogSink
    private let state = Mutex(State())

    /// Takes the descriptor of the socket.
    package init(socket: Int32) {
        // A program that the provider starts must not keep the connection open.
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        peer = CallPeer(FrameLink(FrameSocket(taking: socket)))
        log = Self.log(peer.link)
        runtime = InlineRuntime(log: log)
    }

    /// Lines beyond the budget, or that the host does not read, are dropped here, so they take no memory.
    private static func log(_ link: FrameLink) -> LogSink {
        let budget = Mutex(NoteBudget())
        return LogSink { line in
            let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
            let (passes, dropped) = budget.withLock { $0.take(at: now) }
            if dropped > 0 {
                let notice = LogLine(level: .warning, source: line.source, message: NoteBudget.notice(dropped: dropped))
                _ = link.sendIfRoom(Frame(kind: .log, payload: notice.payload))
            }
            guard passes else { return }
            if !link.sendIfRoom(Frame(kind: .log, payload: line.payload)) { budget.withLock { $0.lose() } }
        }
    }

    /// Serves until the host closes the connection, or breaks the protocol; then `ended` is called once, on any thread.
    /// Keeps this thread: what always returns at once is called on it.
    package func run(_ ended: @escaping @Sendable ((any Error)?) -> Void) -> Never {
        let reader = LendingReader(peer.link, take: { [self] in try take($0, $1) }, ended: ended)
        reader.run()
        // Another reads, or everything has ended.
        while true { pause() }
    }

    private func take(_ frame: Frame, _ lend: InvokeThreads.Lend) throws {
        switch frame.kind {
        case .ping: peer.link.send(Frame(kind: .pong, payload: health.bytes))
        case .call, .write, .finish, .credit, .cancel:
            try peer.take(frame) { [self] request, sink in serve(request, sink, lend) }
        case .log, .metric, .pong: throw FrameError("an unexpected \(frame.kind)")
        }
    }

    /// The answer to the host's ping: which functions have not returned.
    private var health: JSON {
        guard let oldest = state.withLock({ $0.channel })?.threads.oldest else { return [:] }
        return [
            "function": .string(oldest.function), "method": .string(oldest.method),
            "request_id": .string(oldest.requestID), "seconds": .number(oldest.seconds),
        ]
    }

    private func serve(
        _ request: CallRequest, _ sink: any AnswerSink, _ lend: InvokeThreads.Lend
    ) -> @Sendable () -> Void {
        switch request.target {
        case PeerTarget.invoke: return invoke(request, sink, lend)
        case PeerTarget.describe: Task { await describe(request, sink) }
        case PeerTarget.create: Task { await create(request, sink) }
        case PeerTarget.destroy: Task { await destroy(request, sink) }
        default: sink.finish(CallError(.badRequest, "there is no \(request.target) in a child"))
        }
        return {}
    }

    private func invoke(
        _ request: CallRequest, _ sink: any AnswerSink, _ lend: InvokeThreads.Lend
    ) -> @Sendable () -> Void {
        var request = request
        let channel = state.withLock { state in
            state.lastCall += 1
            request.callID = state.lastCall
            return state.channel
        }
        guard let channel else {
            sink.finish(CallError(.providerUnavailable, "the provider is not ready"))
            return {}
        }
        request.target = ""
        let callID = request.callID
        channel.invoke(request, into: sink, lend)
        return { channel.cancel(callID) }
    }

    private func describe(_ request: CallRequest, _ sink: any AnswerSink) async {
        let answer: JSON
        do throws(PluginRefusal) {
            answer = try await runtime.describe(String(decoding: request.body, as: UTF8.self)).json
        } catch {
            answer = [
                "refusal": [
                    "code": .string(error.code), "message": .string(error.message),
                    "hint": error.hint.map { .string($0) } ?? .null,
                ]
            ]
        }
        _ = sink.write(.body(answer.bytes))
        sink.finish(nil)
    }

    private func create(_ request: CallRequest, _ sink: any AnswerSink) async {
        guard let json = try? JSON(parsing: request.body), let setup = ChildSetup(json: json) else {
            return sink.finish(CallError(.badRequest, "the setup is damaged"))
        }
        peer.writeCredit.store(setup.creditBytes, ordering: .relaxed)
        var answer: JSON = ["status": 0, "error": ""]
        do throws(CreateFailure) {
            // Before the provider opens a file of it; held until this process and all that it forked have ended.
            let lock = try StateLock(folder: setup.setup.statePath)
            state.withLock { $0.lock = lock }
            let channel = try await runtime.createHere(
                setup.setup, host: reach(setup.setup.label), withinSeconds: setup.seconds)
            state.withLock { $0.channel = channel }
        } catch {
            answer = [
                "status": .integer(Int64(error.status)), "error": .string(String(decoding: error.error, as: UTF8.self)),
            ]
        }
        _ = sink.write(.body(answer.bytes))
        sink.finish(nil)
    }

    private func destroy(_ request: CallRequest, _ sink: any AnswerSink) async {
        let seconds = Double(String(decoding: request.body, as: UTF8.self)) ?? 5
        let channel = state.withLock { $0.channel }
        let isDone = await channel?.close(withinSeconds: seconds) ?? true
        sink.finish(
            isDone ? nil : CallError(.providerTimeout, "did not finish destroy within \(Quote.seconds(seconds)) s"))
    }

    private func reach(_ label: String) -> HostReach {
        let peer = peer
        return HostReach(
            log: log,
            metrics: MetricsSink { measurement in
                let payload = measurement.json.bytes
                guard payload.count <= Frame.noteBytesMax else { return }
                _ = peer.link.sendIfRoom(Frame(kind: .metric, payload: payload))
            },
            call: { request, sink throws(CallError) in
                let call = peer.call(request, into: sink)
                return { if let call { peer.cancel(call) } }
            },
            announce: { await Self.tell(PeerTarget.announce, $0, peer) },
            withdraw: { await Self.tell(PeerTarget.withdraw, $0, peer) })
    }

    private static func tell(_ target: String, _ resource: JSON, _ peer: CallPeer) async -> CallError? {
        var request = CallRequest(method: "")
        request.target = target
        request.body = resource.bytes
        return await peer.answer(request).error
    }
}
