import CProviderABI
import ContractBridge
import LlamaStackAPI
import Synchronization

/// The writing end of an answer that is read on the other side of the socket. How far it may be ahead is counted for
/// each call (``WriterLead``), so that one slow stream never blocks another on the same socket.
final class RemoteSink: AnswerSink {
    private struct State {
        var lead: WriterLead
        var isClosed = false
        var hasEnded = false
        var writer: (@Sendable () -> Void)?
    }

    private let link: FrameLink
    private let call: UInt64
    private let ended: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - credit: how far it may be ahead.
    ///   - ended: called once, before the end is sent.
    init(_ link: FrameLink, call: UInt64, credit: Int = WriterLead.markBytes, ended: @escaping @Sendable () -> Void) {
        self.link = link
        self.call = call
        self.ended = ended
        state = Mutex(State(lead: WriterLead(mark: credit)))
    }

    func write(_ part: AnswerPart) -> Pressure {
        let bytes = part.bytes
        if case .event = part, bytes.count > WritePayload.pieceBytesMax {
            return .refused(
                "wrote an event of \(bytes.count) bytes; at most \(WritePayload.pieceBytesMax) leave a child")
        }
        // The order is decided under the lock: a write that another thread's finish overtakes would break the protocol.
        let (pressure, mustFlush) = state.withLock { state -> (Pressure, Bool) in
            guard !state.isClosed else { return (.closed, false) }
            let pressure = state.lead.add(bytes.count)
            if case .refused = pressure { return (pressure, false) }
            return (pressure, add(part.kind, bytes))
        }
        if mustFlush { link.flush() }
        return pressure
    }

    private func add(_ kind: Int32, _ bytes: [UInt8]) -> Bool {
        var mustFlush = false
        for start in stride(from: 0, to: max(1, bytes.count), by: WritePayload.pieceBytesMax) {
            let end = min(start + WritePayload.pieceBytesMax, bytes.count)
            let marked = UInt8(kind) | (end < bytes.count ? WritePayload.isPartial : 0)
            if link.addWrite(call, kind: marked, bytes[start..<end]) { mustFlush = true }
        }
        return mustFlush
    }

    /// The first end counts.
    func finish(_ error: CallError?) {
        let isFirst = state.withLock { state in
            defer { (state.isClosed, state.hasEnded) = (true, true) }
            return !state.hasEnded
        }
        guard isFirst else { return }
        ended()
        close()
        link.send(Frame(kind: .finish, call: call, payload: FinishPayload.bytes(error)))
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        let woken = state.withLock { state -> (@Sendable () -> Void)? in
            if state.isClosed || state.lead.isWritable { return wake }
            defer { state.writer = wake }
            return state.writer
        }
        woken?()
    }

    /// False when the reader grants more than it can have read.
    func grant(_ bytes: Int) -> Bool {
        let (isHonest, writer) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.lead.remove(bytes) else { return (false, nil) }
            return (true, state.lead.isWritable ? state.writer.take() : nil)
        }
        writer?()
        return isHonest
    }

    /// Writes are refused from here on.
    func close() {
        let writer = state.withLock { state in
            state.isClosed = true
            return state.writer.take()
        }
        writer?()
    }
}

/// The reading end: checks what the other side writes, passes it on, and grants credit as the reader takes it.
final class RemoteAnswer: Sendable {
    private struct State {
        var rules = SinkRules()
        /// The lead of the other side.
        var lead: WriterLead
        /// The part received so far of a write that fills more than one frame.
        var partial: [UInt8] = []
        /// Bytes that were read and not yet granted.
        var owed = 0
        var hasEnded = false
        var waits = false

        /// The credit to grant now.
        mutating func settle() -> Int {
            _ = lead.remove(owed)
            defer { owed = 0 }
            return owed
        }
    }

    let sink: any AnswerSink
    /// The call's method, for the log.
    let method: String
    let requestID: String
    private let call: UInt64
    private let link: FrameLink
    /// It grants again once it owes this much.
    private let grantBytes: Int
    private let state: Mutex<State>

    init(_ request: CallRequest, call: UInt64, credit: Int, link: FrameLink, into sink: any AnswerSink) {
        self.sink = sink
        self.call = call
        self.link = link
        grantBytes = credit / 4
        state = Mutex(State(lead: WriterLead(mark: credit)))
        method = request.method
        requestID = request.requestID
    }

    /// False when the reader has left: the call is to be cancelled.
    func write(_ kind: Int32, isPartial: Bool, _ pieces: [[UInt8]]) throws -> Bool {
        guard !isPartial || kind == Int32(LSP_BODY) else { throw FrameError("wrote an event in parts") }
        var isWanted = true
        for piece in pieces {
            let verdict = try state.withLock { state throws(FrameError) -> SinkRules.Verdict? in
                guard !state.hasEnded else { return nil }
                guard !state.partial.isEmpty || !state.lead.isOverrun else {
                    throw FrameError("wrote beyond its credit")
                }
                state.lead.count(piece.count)
                guard isPartial || !state.partial.isEmpty else { return state.rules.check(kind, piece) }
                state.partial += piece
                guard state.partial.count <= SinkRules.writeBytesMax else {
                    throw FrameError("wrote more than \(SinkRules.writeBytesMax) bytes at once")
                }
                if isPartial { return .unfinished }
                defer { state.partial = [] }
                return state.rules.check(kind, state.partial)
            }
            switch verdict {
            case nil: return true
            case .unfinished: continue
            case .unknownKind: throw FrameError("wrote a kind that there is none of: \(kind)")
            case .broken(let what): throw FrameError(what)
            case .part(let part): isWanted = take(part) && isWanted
            }
        }
        return isWanted
    }

    private func take(_ part: AnswerPart) -> Bool {
        let bytes = part.bytes.count
        switch sink.write(part) {
        case .more: grant(bytes)
        case .pause:
            let isFirst = state.withLock { state in
                state.owed += bytes
                defer { state.waits = true }
                return !state.waits
            }
            if isFirst { sink.whenWritable { [weak self] in self?.caughtUp() } }
        case .closed, .refused: return false
        }
        return true
    }

    private func grant(_ bytes: Int) {
        let granted = state.withLock { state -> Int in
            state.owed += bytes
            guard !state.waits, state.owed >= grantBytes else { return 0 }
            return state.settle()
        }
        send(granted)
    }

    private func caughtUp() {
        let granted = state.withLock { state -> Int in
            state.waits = false
            guard !state.hasEnded else { return 0 }
            return state.settle()
        }
        send(granted)
    }

    private func send(_ granted: Int) {
        guard granted > 0 else { return }
        var payload: [UInt8] = []
        payload.append(littleEndian: UInt64(granted))
        link.send(Frame(kind: .credit, call: call, payload: payload))
    }

    /// The first end counts.
    func finish(_ error: CallError?) {
        let isFirst = state.withLock { state in
            defer { state.hasEnded = true }
            return !state.hasEnded
        }
        if isFirst { sink.finish(error) }
    }

    var hasEnded: Bool { state.withLock { $0.hasEnded } }
}
