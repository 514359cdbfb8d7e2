import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on every address of this machine that counts its connections and answers as a test tells it.
package final class Origin: Sendable {
    /// What is done with a request. The channel is closed by the script, or by the client.
    package typealias Script = @Sendable (_ request: String, _ channel: any Channel) -> Void

    private let channel: any Channel
    private let seen: Seen

    private final class Seen: Sendable {
        let connections = Atomic(0)
        let requests = Mutex<[String]>([])
    }

    private init(_ channel: any Channel, _ seen: Seen) { (self.channel, self.seen) = (channel, seen) }

    package var port: Int { channel.localAddress?.port ?? 0 }
    package var connections: Int { seen.connections.load(ordering: .sequentiallyConsistent) }
    /// The heads that came, whole.
    package var requests: [String] { seen.requests.withLock { $0 } }

    /// Runs `body` with an origin, and ends it.
    package static func run<R>(
        host: String = "127.0.0.1", tls: Bool = false, _ script: @escaping Script, _ body: (Origin) async throws -> R
    ) async throws -> R {
        let seen = Seen()
        let context = tls ? try serverContext() : nil
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                seen.connections.add(1, ordering: .sequentiallyConsistent)
                return channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        Requests { head, channel in
                            seen.requests.withLock { $0.append(head) }
                            script(head, channel)
                        })
                }
            }
            .bind(host: host, port: 0).get()
        let origin = Origin(channel, seen)
        do {
            let result = try await body(origin)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private static func serverContext() throws -> NIOSSLContext {
        let folder = fixtures + "/tls"
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(folder + "/cert.pem").map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: folder + "/key.pem", format: .pem))))
    }

    package static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/Fixtures"

    // MARK: Scripts

    /// Answers every request with these bytes, and closes.
    package static func answering(_ text: String) -> Script {
        { _, channel in channel.send(text, thenClose: true) }
    }

    package static func ok(_ body: String, type: String = "text/plain") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    package static func redirect(_ status: Int, to location: String) -> String {
        "HTTP/1.1 \(status) Moved\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n"
    }
}

extension Channel {
    package func send(_ text: String, thenClose: Bool) {
        let written = writeAndFlush(ByteBuffer(string: text))
        if thenClose { written.whenComplete { _ in self.close(promise: nil) } }
    }

    /// The same bytes again and again, as fast as the other side takes them.
    package func sendForever(_ buffer: ByteBuffer, _ onSent: @escaping @Sendable (_ bytes: Int) -> Void = { _ in }) {
        writeAndFlush(buffer).whenSuccess {
            onSent(buffer.readableBytes)
            self.sendForever(buffer, onSent)
        }
    }
}

/// Gathers bytes to the empty line.
private final class Requests: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: (String, any Channel) -> Void
    private var head = ""

    init(_ answer: @escaping @Sendable (String, any Channel) -> Void) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        head += String(buffer: unwrapInboundIn(data))
        guard head.hasSuffix("\r\n\r\n") else { return }
        answer(head, context.channel)
        head = ""
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
