import LlamaStackAPI
import Synchronization

/// A call that tries one provider after the other until one answers; it is the sink of the current attempt.
///
/// A refusal with 404 has changed nothing, so the next provider may be tried. Once a provider has written, the answer
/// is its own.
final class FallbackChain: AnswerSink {
    private struct State {
        var turn = 0
        var current: (channel: any Channel, callID: UInt64)?
        var isCancelled = false
        var hasWritten = false
        var refusals: [CallError] = []
    }

    private let attempts: [Attempt]
    private let request: CallRequest
    private let name: ResourceName?
    private let probe: CallRequest?
    private let tools: ToolLines?
    private let sink: any AnswerSink
    private let newCallID: @Sendable () -> UInt64
    private let ended: @Sendable (_ owner: String?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: where the request names its resource.
    ///   - probe: what those are asked that must not have it.
    ///   - tools: what looks at the lines, where the answer is the list of tools.
    ///   - ended: called before the end: the provider that has the resource now; nil when none is known.
    init(
        _ attempts: [Attempt], _ request: CallRequest, name: ResourceName?, probe: CallRequest?,
        tools: ToolLines? = nil, into sink: any AnswerSink,
        newCallID: @escaping @Sendable () -> UInt64, ended: @escaping @Sendable (_ owner: String?) -> Void
    ) {
        (self.attempts, self.request, self.name, self.probe) = (attempts, request, name, probe)
        (self.tools, self.sink, self.newCallID, self.ended) = (tools, sink, newCallID, ended)
    }

    /// Starts the attempt whose turn it is.
    func start() {
        let attempt = attempt
        var request = attempt.role == .mustNotHave ? probe ?? self.request : self.request
        request.callID = newCallID()
        request.resource = attempt.resource
        let (channel, callID) = (attempt.instance.channel, request.callID)
        state.withLock { $0.current = (channel, callID) }
        channel.invoke(request, into: self)
        // A cancel may have come before the provider knew of the call.
        if state.withLock({ $0.isCancelled }) { channel.cancel(callID) }
    }

    func cancel() {
        let current = state.withLock { state in
            state.isCancelled = true
            return state.current
        }
        if let current { current.channel.cancel(current.callID) }
    }

    private var attempt: Attempt { attempts[state.withLock { $0.turn }] }

    // MARK: what the provider does whose turn it is

    func write(_ part: AnswerPart) -> Pressure {
        let attempt = state.withLock { state in
            state.hasWritten = true
            return attempts[state.turn]
        }
        guard attempt.role != .mustNotHave else { return .more }
        guard let tools else { return sink.write(part) }
        guard let lines = tools.take(part.bytes, of: attempt.instance.label) else {
            return .refused("wrote a line of more than \(ToolLines.lineBytesMax) bytes")
        }
        return lines.isEmpty ? .more : sink.write(.body(lines))
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) {
        attempt.role == .mustNotHave ? wake() : sink.whenWritable(wake)
    }

    func finish(_ error: CallError?) {
        let (attempt, isLast) = state.withLock { (attempts[$0.turn], $0.turn == attempts.count - 1) }
        tools?.end()
        switch (attempt.role, error) {
        case (.answers, nil), (.mayHave, nil): end(nil, owner: attempt.instance.providerID)
        case (.answers, let error?): end(error, owner: nil)
        case (.adds, nil), (.mayAdd, nil): isLast ? end(nil, owner: nil) : next()
        case (.mayAdd, let error?) where [502, 503, 504].contains(error.code.httpStatus):
            tools?.leaveOut(attempt.instance.label, error)
            isLast ? end(nil, owner: nil) : next()
        case (.adds, let error?), (.mayAdd, let error?): end(error, owner: nil)
        case (.mustNotHave, nil):
            let taken = CallError(
                .alreadyExists, "\(attempt.instance.label) has \(Quote.short(id)) already", field: name?.key)
            end(taken, owner: attempt.instance.providerID)
        case (.mustNotHave, let error?): error.code.httpStatus == 404 ? next() : end(error, owner: nil)
        case (.mayHave, let error?):
            let mayGoOn = state.withLock { state in
                state.refusals.append(error)
                return !state.isCancelled && !state.hasWritten && [404, 503].contains(error.code.httpStatus)
            }
            if mayGoOn, !isLast { next() } else { end(mayGoOn ? refusal : error, owner: nil) }
        }
    }

    /// Not on the stack of the provider that finished: it may hold a lock.
    private func next() {
        let isCancelled = state.withLock { state in
            state.turn += 1
            return state.isCancelled
        }
        guard !isCancelled else { return end(CallError(.cancelled, "the call was cancelled"), owner: nil) }
        OffPool.start { self.start() }
    }

    private func end(_ error: CallError?, owner: String?) {
        ended(owner)
        sink.finish(error)
    }

    /// The refusal that says most: of who could not say, then of who has the resource and misses something in it.
    private var refusal: CallError {
        let refusals = state.withLock { $0.refusals }
        if let other = refusals.first(where: { $0.code.httpStatus != 404 }) { return other }
        let key = name?.key ?? ""
        if let inner = refusals.first(where: { !($0.field ?? key).hasPrefix(key) }) { return inner }
        var error = refusals[0]
        error.message += "; asked " + attempts.map(\.instance.providerID).joined(separator: ", ")
        return error
    }

    private var id: String { name.map { $0.ids(in: request).first ?? "" } ?? "" }
}

extension ResourceName {
    /// The ids that a request names; none when it names none.
    func ids(in request: CallRequest) -> [String] {
        switch self {
        case .parameter(let key):
            let id = (try? JSON(parsing: request.parameters))?[key]?.stringValue
            return id.map { [$0] } ?? []
        case .field(let key):
            return (try? RequestScan(request.body, field: key))?.strings ?? []
        }
    }
}
