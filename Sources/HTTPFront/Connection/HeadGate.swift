import HTTPTypes
import NIOCore
import NIOHTTP1

/// Turns heads of requests into what the router expects, and answers each in the version of HTTP that it was asked in.
///
/// The target is brought into its normal form, so that one path has one spelling. A host in the target replaces the
/// header (RFC 9112, section 3.2.2).
///
/// HTTP/1.0 has no chunked bodies (section 6.1: such a request is faulty) and no interim answers. Its connection ends
/// with the answer unless the client asks to keep it and the answer states its length; an answer without a length ends
/// by closing.
final class HeadGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Client { case current, old, oldAndKept }

    /// The clients of the requests whose answer has not begun, in order.
    private var clients: [Client] = []
    private var isRefused = false

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if head.version == .http1_1 {
            clients.append(.current)
        } else {
            let isKept = head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "keep-alive" }
            clients.append(isKept ? .oldAndKept : .old)
            if head.headers.contains(name: "Transfer-Encoding") {
                isRefused = true
                return context.fireErrorCaught(HTTPParserError.unexpectedContentLength)
            }
            if !isKept { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            // Its client does not know interim answers (RFC 9110, section 10.1.1).
            head.headers.remove(name: "Expect")
            // It need not say whom it asks (RFC 9112, section 3.2), as health checks of proxies don't: whom it came to.
            if !head.headers.contains(name: "Host"), let own = context.channel.localAddress, let name = own.hostName {
                head.headers.add(name: "Host", value: own.port.map { "\(name):\($0)" } ?? name)
            }
        }
        if let (host, target) = RequestTarget.absolute(head.uri) {
            if head.headers["Host"].count == 1 { head.headers.replaceOrAdd(name: "Host", value: host) }
            head.uri = target
        }
        head.uri = RequestTarget.normalized(head.uri)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    // MARK: Answering

    /// Whether the request that is answered next came in HTTP/1.0.
    var answersOldClient: Bool { clients.first.map { $0 != .current } ?? false }

    /// Gives the head of the next answer the field `Connection` that its client needs.
    func frame(_ head: inout HTTPResponse) {
        guard answersOldClient else { return }
        let hasLength = head.headerFields[.contentLength] != nil || head.status == .noContent
        if !hasLength {
            head.headerFields[.connection] = "close"
        } else if clients.first == .oldAndKept, head.headerFields[.connection] == nil {
            head.headerFields[.connection] = "keep-alive"
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), !(100..<200).contains(head.status.code) else {
            return context.write(data, promise: promise)
        }
        // What the encoder takes for HTTP/1.0 it does not send in chunks.
        if answersOldClient { head.version = .http1_0 }
        if !clients.isEmpty { clients.removeFirst() }
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
