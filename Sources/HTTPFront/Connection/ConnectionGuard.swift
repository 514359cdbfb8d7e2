import HTTPTypes
import Host
import LlamaStackAPI
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Watches one connection: its deadlines, a client that leaves, heads that the parser refuses, and the orderly end of
/// an answer that closes. Hummingbird has no write timeout, resets its idle timer with every byte of a body, and
/// answers parser errors without a body; this handler stands between it and the socket.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let presence = ConnectionMonitor()
    private let monitors: ConnectionMonitors
    private let limits: ServerSettings.Limits
    private let logger: Logger
    private let gate = HeadGate()
    private var tick: RepeatedTask?

    // Reading.
    private var hadRequest = false
    private var bodyIsOpen = false
    /// The client has ended its side, or is gone altogether: only what becomes of what we send tells which.
    private var inputHasEnded = false
    private var waitingSince = NIODeadline.now()
    private var bodyOpenedAt = NIODeadline.now()
    private var lastReadAt = NIODeadline.now()
    /// The refusal of input that cannot be read, kept until the requests before it are answered.
    private var brokenInput: Refusal?
    // Answering: requests whose answer has not ended, and what has been sent of the first one's.
    private var unanswered = 0
    private var begun = Begun.nothing
    private var writesPending = 0
    private var lastWriteAt = NIODeadline.now()
    // Closing: our side has ended; what still comes in is dropped, so that the client can read the answer.
    private var closesAfterAnswer = false
    private var lingersUntil: NIODeadline?

    private enum Begun { case nothing, answer, events }
    private struct Refusal {
        var code: ErrorCode
        var message: String
    }

    /// A body is handed on in pieces of this size: each that is taken shows that the client still reads.
    private static let writtenBytesMax = 64 * 1024

    init(limits: ServerSettings.Limits, monitors: ConnectionMonitors, logger: Logger) {
        (self.limits, self.monitors, self.logger) = (limits, monitors, logger)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        waitingSince = .now()
        monitors.add(presence, of: context.channel)
        let pipeline = context.pipeline.syncOperations
        if let parser = try? pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self) {
            try? pipeline.addHandler(gate, position: .after(parser.handler))
        }
        let shortest = min(
            limits.headerTimeoutSeconds, limits.idleTimeoutSeconds, limits.writeTimeoutSeconds,
            limits.bodyTimeoutSeconds)
        let period = TimeAmount.milliseconds(Int64(max(10, min(1, shortest / 4) * 1000)))
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        tick = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            let (handler, context) = bound.value
            handler.checkDeadlines(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(context) }

    func channelInactive(context: ChannelHandlerContext) {
        end(context)
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext) {
        monitors.remove(context.channel)
        tick?.cancel()
        tick = nil
        presence.depart()
    }

    // MARK: Deadlines

    private func checkDeadlines(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        func passed(_ since: NIODeadline, _ seconds: Double) -> Bool {
            now - since > .milliseconds(Int64(seconds * 1000))
        }
        if let lingersUntil {
            if now > lingersUntil { context.close(promise: nil) }
        } else if writesPending > 0, passed(lastWriteAt, limits.writeTimeoutSeconds) {
            context.close(promise: nil)
        } else if bodyIsOpen, unanswered == 1 {
            // A body behind a request that is still being answered is not read, and has time.
            if passed(lastReadAt, limits.idleTimeoutSeconds) || passed(bodyOpenedAt, limits.bodyTimeoutSeconds) {
                refuse(context, Refusal(code: .requestTimeout, message: "the request's body did not arrive in time"))
            }
        } else if unanswered == 0,
            passed(waitingSince, hadRequest ? limits.idleTimeoutSeconds : limits.headerTimeoutSeconds)
        {
            context.close(promise: nil)
        } else if inputHasEnded, unanswered > 0 {
            // A client that has left answers what we send with a reset, and that ends the connection.
            probe(context)
        }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if lingersUntil != nil { return }
        lastReadAt = .now()
        switch unwrapInboundIn(data) {
        case .head(let head):
            hadRequest = true
            bodyIsOpen = true
            bodyOpenedAt = .now()
            unanswered += 1
            if head.headerFields[.expect]?.lowercased() == "100-continue", unanswered == 1 { probe(context) }
        case .body: break
        case .end: bodyIsOpen = false
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            if lingersUntil != nil { return context.close(promise: nil) }
            inputHasEnded = true
            if bodyIsOpen || unanswered == 0 {
                presence.depart()
            } else {
                // An answer that comes at once needs no probe.
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: .milliseconds(50)) { bound.value.0.checkDeadlines(bound.value.1) }
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard lingersUntil == nil, let refusal = refusal(of: error) else { return context.fireErrorCaught(error) }
        if unanswered > (bodyIsOpen ? 1 : 0) {
            brokenInput = refusal
        } else {
            refuse(context, refusal)
        }
    }

    private func refusal(of error: any Error) -> Refusal? {
        switch error {
        case HTTPParserError.headerOverflow:
            let limits = "\(HeadLimits.listBytesMax) bytes and \(HeadLimits.fieldsMax) fields"
            return Refusal(code: .headersTooLarge, message: "the request's head is over the limit of \(limits)")
        case is HTTPParserError:
            return Refusal(code: .badRequest, message: "this is not an HTTP/1.1 request that can be read")
        default: return nil
        }
    }

    // MARK: Answering

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if lingersUntil != nil {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            begun = head.headerFields[.contentType] == "text/event-stream" ? .events : .answer
            // An answer that does not wait for the rest of its request is the last one.
            if bodyIsOpen, unanswered == 1 { head.headerFields[.connection] = "close" }
            gate.frame(&head)
            closesAfterAnswer = head.headerFields[.connection]?.lowercased() == "close"
            // What follows it is watched: parts are taken in order.
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head(let head): pass(context, .head(head), promise)
        case .body(var buffer):
            while buffer.readableBytes > Self.writtenBytesMax,
                let piece = buffer.readSlice(length: Self.writtenBytesMax)
            {
                pass(context, .body(piece), nil)
            }
            pass(context, .body(buffer), promise)
        case .end(let trailers):
            pass(context, .end(trailers), promise)
            answered(context)
        }
    }

    private func pass(_ context: ChannelHandlerContext, _ part: HTTPResponsePart, _ promise: EventLoopPromise<Void>?) {
        if writesPending == 0 { lastWriteAt = .now() }
        writesPending += 1
        let taken = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        taken.futureResult.whenComplete { _ in
            bound.value.writesPending -= 1
            bound.value.lastWriteAt = .now()
        }
        context.write(wrapOutboundOut(part), promise: taken)
    }

    private func answered(_ context: ChannelHandlerContext) {
        begun = .nothing
        unanswered -= 1
        waitingSince = .now()
        if closesAfterAnswer {
            linger(context)
        } else if let brokenInput, unanswered == (bodyIsOpen ? 1 : 0) {
            refuse(context, brokenInput)
        }
    }

    /// Sends what says nothing, where the answer has a place for it: an interim head before it, a comment between
    /// events.
    private func probe(_ context: ChannelHandlerContext) {
        switch begun {
        case .nothing where gate.answersOldClient: return
        case .nothing: context.write(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        case .events: context.write(wrapOutboundOut(.body(ByteBuffer(string: ":\n\n"))), promise: nil)
        case .answer: return
        }
        context.flush()
    }

    // MARK: Closing

    /// Answers in place of the application, and closes.
    private func refuse(_ context: ChannelHandlerContext, _ refusal: Refusal) {
        guard begun == .nothing, context.channel.isActive else { return context.close(promise: nil) }
        let requestID = RequestID.make()
        let body = ErrorBody.bytes(refusal.code, refusal.message, requestID: requestID)
        logger.access(
            method: "-", route: "-", status: refusal.code.httpStatus, bytes: body.count, milliseconds: nil,
            isCut: false,
            requestID: requestID)
        var fields = HTTPFields()
        fields[.requestID] = requestID
        fields[.connection] = "close"
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(body.count)
        let head = HTTPResponse(status: .init(code: refusal.code.httpStatus), headerFields: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
    }

    /// Ends our side and drops what still comes for a moment. Closing at once would reset the connection while the
    /// client is still sending, and it would never see the answer.
    private func linger(_ context: ChannelHandlerContext) {
        lingersUntil = .now() + .seconds(1)
        context.flush()
        presence.depart()
        context.close(mode: .output, promise: nil)
    }
}
