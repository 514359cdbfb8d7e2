import AsyncHTTPClient
import Foundation
import Host
import LlamaStackAPI
import NIOCore
import NIOHTTP1

/// A stack that a command talks to: one that runs somewhere, or one that the command starts itself.
protocol StackConnection: Sendable {
    /// Calls a streaming method; each element is one event's JSON.
    func events(_ endpoint: EndpointDescription, body: JSON) -> AsyncThrowingStream<JSON, any Error>
    func close() async
}

/// A stack in this process, straight from a distribution.
struct LocalStack: StackConnection {
    let stack: Stack

    func events(_ endpoint: EndpointDescription, body: JSON) -> AsyncThrowingStream<JSON, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    var request = CallRequest(callID: UInt64.random(in: 1..<(1 << 62)), method: endpoint.method)
                    request.body = body.bytes
                    let answer = try stack.call(
                        endpoint, resourceName: body["model"]?.stringValue, request: request)
                    while let parts = try await answer.nextParts() {
                        for part in parts { continuation.yield(try JSON(parsing: part.bytes)) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func close() async { await stack.shutdown(withinSeconds: 5) }
}

/// A stack behind a URL.
struct RemoteStack: StackConnection {
    let url: String
    private let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration)

    /// A server that is not there is said at once: by default the client goes on trying for ten seconds.
    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// One event; a longer line is not of this API.
    private static let lineBytesMax = 16 * 1024 * 1024
    /// A dataset whose rows are in its URL may be as long.
    private static let answerBytesMax = 64 * 1024 * 1024

    init(url: String) { self.url = url.hasSuffix("/") ? String(url.dropLast()) : url }

    func events(_ endpoint: EndpointDescription, body: JSON) -> AsyncThrowingStream<JSON, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await run(endpoint, body) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: Self.readable(error, url: url))
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Calls a method that takes its parameters from the URL; the bytes of its one answer.
    func answer(_ endpoint: EndpointDescription, _ parameters: [String: String]) async throws -> [UInt8] {
        var target = URLComponents()
        target.path = endpoint.route.path
        target.queryItems = parameters.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        // To the server a plus may be a space.
        let path = (target.string ?? endpoint.route.path).replacing("+", with: "%2B")
        do {
            var request = HTTPClientRequest(url: url + path)
            request.method = .RAW(value: endpoint.route.verb.rawValue)
            let response = try await client.execute(request, timeout: .minutes(1))
            let bytes = Array(try await response.body.collect(upTo: Self.answerBytesMax).readableBytesView)
            guard response.status == .ok else { throw Self.error(bytes, status: Int(response.status.code)) }
            return bytes
        } catch {
            throw Self.readable(error, url: url)
        }
    }

    private func run(_ endpoint: EndpointDescription, _ body: JSON, _ yield: (JSON) -> Void) async throws {
        var request = HTTPClientRequest(url: url + endpoint.route.path)
        request.method = .RAW(value: endpoint.route.verb.rawValue)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(body.bytes)
        let response = try await client.execute(request, timeout: .hours(1))
        guard response.status == .ok else {
            let bytes = try await response.body.collect(upTo: 1024 * 1024)
            throw Self.error(Array(bytes.readableBytesView), status: Int(response.status.code))
        }
        var parser = EventStreamParser(lineBytesMax: Self.lineBytesMax)
        for try await buffer in response.body {
            for record in try parser.append(buffer.readableBytesView) {
                let json = try JSON(parsing: Array(record.data.utf8))
                if record.event == "error" { throw Self.error(Array(record.data.utf8), status: 500) }
                yield(json)
            }
        }
    }

    private static func error(_ bytes: [UInt8], status: Int) -> CallError {
        let detail = (try? JSON(parsing: bytes))?["detail"]
        let code = detail?["code"]?.stringValue
        let row = ErrorCode.all.first { $0.code == code } ?? .internal
        return CallError(row, detail?["message"]?.stringValue ?? "the server answered \(status)")
    }

    private static func readable(_ error: any Error, url: String) -> any Error {
        if error is CallError || error is CancellationError { return error }
        return CallError(
            .providerUnavailable, "can't reach \(url): \(reason(error)); is `llama-stack run` running there?")
    }

    /// Some of the network's errors say more about its code than about the network.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError where error.errnoCode > 0: String(cString: strerror(error.errnoCode))
        case let error as HTTPClientError where [.emptyScheme, .emptyHost, .invalidURL].contains(error):
            "that is no URL (wanted one like http://127.0.0.1:8321)"
        case let error as HTTPClientError where error == .connectTimeout: "no connection in time"
        default: "\(error)"
        }
    }

    func close() async { try? await client.shutdown() }
}
