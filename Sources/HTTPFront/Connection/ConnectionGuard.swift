import HTTPTypes
import LlamaStackAPI
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

    let presence = ClientPresence()
    private let limits: FrontConfiguration.Limits
    private var tick: RepeatedTask?

    // Reading.
    private var hadRequest = false
    private var bodyIsOpen = false
    private var waitingSince = NIODeadline.now()
    private var bodyOpenedAt = NIODeadline.now()
    private var lastReadAt = NIODeadline.now()
    // Answering: requests whose answer has not ended, and whether this one has begun.
    private var unanswered = 0
    private var answerHasBegun = false
    private var writesPending = 0
    private var lastWriteAt = NIODeadline.now()
    // Closing: our side has ended; what still comes in is dropped, so that the client can read the answer.
    private var closesAfterAnswer = false
    private var lingersUntil: NIODeadline?

    init(limits: FrontConfiguration.Limits) { self.limits = limits }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        waitingSince = .now()
        let shortest = min(
            limits.headerSeconds, limits.bodyIdleSeconds, limits.bodySeconds, limits.keepAliveSeconds,
            limits.writeStallSeconds)
        let period = TimeAmount.milliseconds(Int64(max(10, min(1, shortest / 4) * 1000)))
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        tick = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            let (handler, context) = bound.value
            handler.checkDeadlines(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
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
        } else if writesPending > 0, passed(lastWriteAt, limits.writeStallSeconds) {
            context.close(promise: nil)
        } else if bodyIsOpen, passed(lastReadAt, limits.bodyIdleSeconds) || passed(bodyOpenedAt, limits.bodySeconds) {
            refuse(context, .requestTimeout, "the request's body did not arrive in time")
        } else if unanswered == 0, hadRequest ? passed(waitingSince, limits.keepAliveSeconds)
            : passed(waitingSince, limits.headerSeconds)
        {
            context.close(promise: nil)
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
            if head.headerFields[.expect]?.lowercased() == "100-continue", unanswered == 1 {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body: break
        case .end: bodyIsOpen = false
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            presence.depart()
            if lingersUntil != nil { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !answerHasBegun, lingersUntil == nil else {
            return context.fireErrorCaught(error)
        }
        switch error {
        case .headerOverflow:
            refuse(context, .headersTooLarge, "the request's header is over \(limits.headerListBytes) bytes")
        default:
            refuse(context, .badRequest, "this is not an HTTP/1.1 request that can be read")
        }
    }

    // MARK: Answering

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if lingersUntil != nil {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let part = unwrapOutboundIn(data)
        if writesPending == 0 { lastWriteAt = .now() }
        writesPending += 1
        let taken = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        taken.futureResult.whenComplete { _ in
            bound.value.writesPending -= 1
            bound.value.lastWriteAt = .now()
        }
        switch part {
        case .head(let head) where head.status.kind != .informational:
            answerHasBegun = true
            closesAfterAnswer = head.headerFields[.connection]?.lowercased() == "close"
        case .end:
            answerHasBegun = false
            unanswered -= 1
            waitingSince = .now()
            context.write(data, promise: taken)
            if closesAfterAnswer { linger(context) }
            return
        default: break
        }
        context.write(data, promise: taken)
    }

    /// Answers in place of the application, and closes.
    private func refuse(_ context: ChannelHandlerContext, _ code: ErrorCode, _ message: String) {
        guard !answerHasBegun, context.channel.isActive else { return context.close(promise: nil) }
        var fields = HTTPFields()
        let body = ErrorBody.bytes(code, message, requestID: "")
        fields[.connection] = "close"
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(body.count)
        let head = HTTPResponse(status: .init(code: code.httpStatus), headerFields: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
    }

    /// Ends our side and drops what still comes for a moment. Closing at once would reset the connection while the client
    /// is still sending, and it would never see the answer.
    private func linger(_ context: ChannelHandlerContext) {
        lingersUntil = .now() + .seconds(1)
        context.flush()
        presence.depart()
        context.close(mode: .output, promise: nil)
    }
}
