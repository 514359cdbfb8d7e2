import ChildProcess
import Foundation
import Synchronization

/// A server of HTTP, as a child of the tests.
final class HTTPServer: Sendable {
    private let child: ChildProcess
    private let input: FrameSocket
    let url: String

    struct Failed: Error {}

    /// The scripted one.
    convenience init(_ arguments: [String]) async throws {
        try await self.init(command: ["python3", ToolServer.fixtures + "/http_server.py"] + arguments)
    }

    /// A program that prints its port, and ends when its input does or it is killed.
    init(command: [String]) async throws {
        let (input, itsInput) = try FrameSocket.pair()
        let port = AsyncStream<String>.makeStream()
        let options = ChildProcess.Options(
            executable: "/usr/bin/env",
            arguments: command,
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"],
            descriptors: [0: itsInput.descriptor],
            onLine: { line in
                if line.stream == .standardOutput { port.continuation.yield(line.text) }
            })
        child = try withExtendedLifetime(itsInput) { try ChildProcess.start(options) }
        child.onExit { _ in port.continuation.finish() }
        self.input = input
        var lines = port.stream.makeAsyncIterator()
        guard let number = await lines.next() else { throw Failed() }
        url = "http://127.0.0.1:\(number)/mcp"
    }

    func stop() async {
        child.kill()
        _ = await child.exit()
    }
}
