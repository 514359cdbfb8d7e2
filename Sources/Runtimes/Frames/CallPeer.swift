import ContractBridge
import LlamaStackAPI
import Synchronization

/// One end of a connection on which both sides start calls. What one calls, the other serves; host and child are alike.
final class CallPeer: Sendable {
    /// Starts a call that the other side asks for; answers what cancels it.
    typealias Serve = (CallRequest, any AnswerSink) -> @Sendable () -> Void

    /// More calls of the other side than this at once break the rules.
    static let servedMax = 65_536

    private struct Served: Sendable {
        var sink: RemoteSink
        /// The size of its request, which is held until the call has ended.
        var bytes: Int
        var cancel: (@Sendable () -> Void)?
        var isCancelled = false
    }

    private struct State {
        var lastCall: UInt64 = 0
        var mine: [UInt64: RemoteAnswer] = [:]
        var theirs: [UInt64: Served] = [:]
        /// The sum over `theirs`.
        var theirBytes = 0
        /// Why nothing can be called any more.
        var end: CallError?
    }

    /// The limit on the requests of one child's open calls together. A single one may be larger.
    static let requestBytesMax = 64 * 1024 * 1024

    let link: FrameLink
    /// The initial credit of each answer to this side.
    private let readCredit: Int
    /// The initial credit of each answer to the other side, which that side has chosen.
    let writeCredit = Atomic<Int>(WriterLead.markBytes)
    private let requestBytesMax: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - readCredit: how far the other side may be ahead with each answer.
    ///   - requestBytesMax: of the other side's open calls; a further one is refused.
    init(_ link: FrameLink, readCredit: Int = WriterLead.markBytes, requestBytesMax: Int = .max) {
        (self.link, self.readCredit, self.requestBytesMax) = (link, readCredit, requestBytesMax)
    }

    // MARK: calls of this side

    /// Starts a call; answers its number, nil when the connection has ended: then the sink is finished.
    @discardableResult
    func call(_ request: CallRequest, into sink: any AnswerSink) -> UInt64? {
        let (call, answer, ending) = state.withLock { state -> (UInt64, RemoteAnswer, CallError?) in
            state.lastCall += 1
            let answer = RemoteAnswer(request, call: state.lastCall, credit: readCredit, link: link, into: sink)
            if state.end == nil { state.mine[state.lastCall] = answer }
            return (state.lastCall, answer, state.end)
        }
        if let ending {
            answer.finish(ending)
            return nil
        }
        do {
            link.send(try CallPayload.frame(request, call: call))
        } catch {
            // The other side never hears of it, and so will not finish it.
            state.withLock { _ = $0.mine.removeValue(forKey: call) }
            answer.finish(CallError(.internal, "the call could not be sent: \(error)"))
            return nil
        }
        return call
    }

    /// Advisory: the other side still finishes the call.
    func cancel(_ call: UInt64) {
        guard state.withLock({ $0.mine[call] }) != nil else { return }
        link.send(Frame(kind: .cancel, call: call))
    }

    /// Ends a call for its reader here and now. What still comes of it is ignored.
    func end(_ call: UInt64, _ error: CallError) {
        state.withLock { $0.mine[call] }?.finish(error)
    }

    /// False once the other side has finished the call.
    func isOpen(_ call: UInt64) -> Bool { state.withLock { $0.mine[call] != nil } }

    /// The calls of this side that the other has not finished: method and request id.
    var open: [(call: UInt64, method: String, requestID: String)] {
        state.withLock { state in state.mine.map { ($0.key, $0.value.method, $0.value.requestID) } }
    }

    /// Ends every call of this side with `error`, refuses later ones with it, and cancels those of the other.
    func end(_ error: CallError) {
        let (mine, theirs) = state.withLock { state -> ([RemoteAnswer], [Served]) in
            state.end = state.end ?? error
            defer { (state.mine, state.theirs, state.theirBytes) = ([:], [:], 0) }
            return (Array(state.mine.values), Array(state.theirs.values))
        }
        for answer in mine { answer.finish(error) }
        for served in theirs {
            served.sink.close()
            served.cancel?()
        }
    }

    // MARK: what the other side sends

    /// Throws when a rule is broken. Takes the frame's descriptor.
    func take(_ frame: Frame, serve: Serve) throws {
        switch frame.kind {
        case .call: try begin(frame, serve)
        case .write:
            let (kind, isPartial, pieces) = try WritePayload.pieces(frame)
            guard let answer = try mine(frame.call) else { return }
            if try !answer.write(kind, isPartial: isPartial, pieces) { cancel(frame.call) }
        case .finish:
            let error = try FinishPayload.error(frame.payload)
            guard let answer = try mine(frame.call) else { return }
            state.withLock { _ = $0.mine.removeValue(forKey: frame.call) }
            answer.finish(error)
        case .credit:
            let bytes = try frame.payload.withUnsafeBytes { bytes in
                var cursor = ByteCursor(bytes)
                return try cursor.number(UInt64.self)
            }
            guard bytes <= UInt64(Int32.max) else { throw FrameError("grants \(bytes) bytes") }
            guard state.withLock({ $0.theirs[frame.call]?.sink })?.grant(Int(bytes)) != false else {
                throw FrameError("grants more than was written")
            }
        case .cancel: cancelTheirs(frame.call)
        case .log, .metric, .ping, .pong: throw FrameError("an unexpected \(frame.kind)")
        }
    }

    /// nil after the end of the connection. A number that was never drawn breaks the rules.
    private func mine(_ call: UInt64) throws -> RemoteAnswer? {
        try state.withLock { state in
            if let answer = state.mine[call] { return answer }
            guard state.end != nil || (1...max(1, state.lastCall)).contains(call) else {
                throw FrameError("speaks of call \(call), which there is none of")
            }
            if state.end == nil { throw FrameError("speaks of call \(call) after its end") }
            return nil
        }
    }

    private func begin(_ frame: Frame, _ serve: Serve) throws {
        let request: CallRequest
        do { request = try CallPayload.request(frame) } catch let error as FrameError {
            throw error
        } catch { throw FrameError("a call that can't be taken: \(error)") }
        let call = frame.call
        let bytes = frame.payload.count + (frame.descriptor == nil ? 0 : request.body.count)
        let sink = RemoteSink(link, call: call, credit: writeCredit.load(ordering: .relaxed)) { [weak self] in
            self?.forget(call)
        }
        let isWanted = try state.withLock { state in
            guard state.theirs[call] == nil else { throw FrameError("starts call \(call) twice") }
            guard state.theirs.count < Self.servedMax else { throw FrameError("has \(Self.servedMax) calls open") }
            guard state.end == nil else { return false }
            state.theirs[call] = Served(sink: sink, bytes: bytes)
            state.theirBytes += bytes
            return true
        }
        guard isWanted else { return }
        let held = state.withLock { $0.theirBytes }
        guard held <= requestBytesMax || held == bytes else {
            return sink.finish(
                CallError(
                    .overloaded,
                    "the requests of its open calls would hold \(held) bytes; at most \(requestBytesMax) are held",
                    retryAfterSeconds: 1))
        }
        let cancel = serve(request, sink)
        let isCancelled = state.withLock { state -> Bool in
            state.theirs[call]?.cancel = cancel
            return state.theirs[call]?.isCancelled ?? false
        }
        if isCancelled { cancel() }
    }

    private func forget(_ call: UInt64) {
        state.withLock { state in
            guard let served = state.theirs.removeValue(forKey: call) else { return }
            state.theirBytes -= served.bytes
        }
    }

    private func cancelTheirs(_ call: UInt64) {
        let served = state.withLock { state -> Served? in
            state.theirs[call]?.isCancelled = true
            return state.theirs[call]
        }
        served?.sink.close()
        served?.cancel?()
    }
}

extension CallPeer {
    /// Starts a call and waits for its whole answer.
    func answer(_ request: CallRequest) async -> (bytes: [UInt8], error: CallError?) {
        let stream = PartStream()
        let call = call(request, into: stream)
        let answer = Answer(stream) { [self] in if let call { cancel(call) } }
        do throws(CallError) { return (try await answer.collect(), nil) } catch { return ([], error) }
    }
}
