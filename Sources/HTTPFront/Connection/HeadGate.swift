import NIOCore
import NIOHTTP1

/// Facts of a request head that later handlers do not see: its version, and the host of a target in absolute form.
///
/// With HTTP/1.0 the connection ends with the answer unless the client asks otherwise, and there are no chunked bodies
/// (RFC 9112, 6.1: such a message is a faulty one). A host in the target counts in place of the header (3.2.2).
final class HeadGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if head.version != .http1_1 {
            if head.headers.contains(name: "Transfer-Encoding") {
                isRefused = true
                return context.fireErrorCaught(HTTPParserError.unexpectedContentLength)
            }
            if !head.headers[canonicalForm: "Connection"].contains(where: { $0.lowercased() == "keep-alive" }) {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
        }
        if let host = Self.host(in: head.uri), head.headers["Host"].count == 1 {
            head.headers.replaceOrAdd(name: "Host", value: host)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private static func host(in target: String) -> String? {
        guard target.utf8.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") else { return nil }
        return String(target[scheme.upperBound...].prefix { !"/?#".contains($0) })
    }
}
