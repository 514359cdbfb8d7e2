import Foundation
import Host
import LlamaStackAPI
import Networking

/// A stack that a command talks to: one that runs somewhere, or one that the command starts itself.
protocol StackConnection: Sendable {
    /// Calls a streaming method; each element is one event's JSON.
    /// - Parameters:
    ///   - parameters: of the query, by their names.
    ///   - body: nil for a method that takes none.
    ///   - options: a server takes none from its clients.
    func events(
        _ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?, options: JSONObject
    ) -> AsyncThrowingStream<JSON, any Error>
    /// Calls a method; the bytes of its one answer, which may be none.
    func answer(_ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?) async throws -> [UInt8]
    /// The ids of its models; nil where only the server knows them.
    var models: [String]? { get }
    func close() async
}

extension StackConnection {
    func events(
        _ endpoint: EndpointDescription, body: JSON, options: JSONObject
    ) -> AsyncThrowingStream<JSON, any Error> {
        events(endpoint, [:], body: body, options: options)
    }
}

/// A stack in this process, straight from a distribution.
struct LocalStack: StackConnection {
    let stack: Stack

    func events(
        _ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?, options: JSONObject
    ) -> AsyncThrowingStream<JSON, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let answer = try call(endpoint, parameters, body, options)
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

    func answer(_ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?) async throws -> [UInt8] {
        try await call(endpoint, parameters, body, [:]).collect()
    }

    private func call(
        _ endpoint: EndpointDescription, _ parameters: [String: String], _ body: JSON?, _ options: JSONObject
    ) throws(CallError) -> Answer {
        var request = CallRequest(callID: UInt64.random(in: 1..<(1 << 62)), method: endpoint.method)
        var query = JSONObject()
        for (name, value) in parameters { query[name] = .string(value) }
        request.parameters = JSON.object(query).bytes
        request.body = body?.bytes ?? []
        request.options = options
        let name = endpoint.routingKey.listedKind?.requestField.flatMap { body?[$0]?.stringValue }
        return try stack.call(endpoint, resourceName: name, request: request)
    }

    var models: [String]? {
        stack.summary.resources(.model).filter { $0.api == .inference }.flatMap { [$0.id] + $0.aliases }
    }

    func close() async { await stack.shutdown(withinSeconds: 5) }
}

/// A stack behind a URL.
struct RemoteStack: StackConnection {
    let url: String
    private let network: NetworkService

    /// One event; a longer line is not of this API.
    private static let lineBytesMax = 16 * 1024 * 1024
    /// A dataset whose rows are in its URL may be as long.
    private static let answerBytesMax = 64 * 1024 * 1024
    /// A job's log.
    private static let untimedSecondsMax = 86_400.0

    init(url: String) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        // An invalid URL is reported by the first request.
        network = NetworkService((try? CommandNetwork.settings(for: self.url)) ?? NetworkSettings())
    }

    func events(
        _ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?, options: JSONObject
    ) -> AsyncThrowingStream<JSON, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await run(endpoint, parameters, body) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func answer(_ endpoint: EndpointDescription, _ parameters: [String: String], body: JSON?) async throws -> [UInt8] {
        let response = try await send(
            endpoint, parameters, body: body?.bytes ?? [], bytesMax: Self.answerBytesMax, seconds: 60)
        let bytes = try await bytes(of: response)
        guard response.head.status == 200 else { throw Self.error(bytes, status: response.head.status) }
        return bytes
    }

    private func run(
        _ endpoint: EndpointDescription, _ parameters: [String: String], _ body: JSON?, _ yield: (JSON) -> Void
    ) async throws {
        let seconds = endpoint.isUntimed ? Self.untimedSecondsMax : 3600
        let response = try await send(endpoint, parameters, body: body?.bytes ?? [], seconds: seconds)
        guard response.head.status == 200 else {
            throw Self.error(try await bytes(of: response), status: response.head.status)
        }
        var parser = EventStreamParser(lineBytesMax: Self.lineBytesMax)
        while let piece = try await next(response) {
            for record in try parser.append(piece) {
                let json = try JSON(parsing: Array(record.data.utf8))
                if record.event == "error" { throw Self.error(Array(record.data.utf8), status: 500) }
                yield(json)
            }
        }
    }

    private func send(
        _ endpoint: EndpointDescription, _ parameters: [String: String], body: [UInt8], bytesMax: Int? = nil,
        seconds: Double
    ) async throws -> NetworkAnswer {
        let path = Self.path(endpoint, parameters)
        let headers = body.isEmpty ? [] : [["Content-Type", "application/json"]]
        let parameters = NetworkParameters(
            method: endpoint.route.verb.rawValue, url: url + path, headers: headers, bytesMax: bytesMax,
            secondsMax: seconds, redirectsMax: 0)
        do { return try await network.request(parameters, body: body, network.access(for: CommandNetwork.label)) } catch
        {
            throw Self.readable(error, url: url)
        }
    }

    private static func path(_ endpoint: EndpointDescription, _ parameters: [String: String]) -> String {
        guard !parameters.isEmpty else { return endpoint.route.path }
        var target = URLComponents()
        target.path = endpoint.route.path
        target.queryItems = parameters.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
        // To the server a plus may be a space.
        return (target.string ?? endpoint.route.path).replacing("+", with: "%2B")
    }

    private func next(_ answer: NetworkAnswer) async throws -> [UInt8]? {
        do { return try await answer.next() } catch { throw Self.readable(error, url: url) }
    }

    private func bytes(of answer: NetworkAnswer) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next(answer) { bytes += piece }
        return bytes
    }

    private static func error(_ bytes: [UInt8], status: Int) -> CallError {
        let detail = (try? JSON(parsing: bytes))?["detail"]
        let code = detail?["code"]?.stringValue
        let row = ErrorCode.all.first { $0.code == code } ?? .internal
        return CallError(row, detail?["message"]?.stringValue ?? "the server answered \(status)")
    }

    /// An error of the network as one about the command's server.
    private static func readable(_ error: CallError, url: String) -> CallError {
        let reason: String
        switch error.code {
        case .urlNotAllowed: reason = "that is no URL (wanted one like http://127.0.0.1:8321)"
        case .upstreamError:
            let text = error.message.replacing("can't be fetched: ", with: "")
            reason = text.hasPrefix("no connection (") ? String(text.dropFirst(15).dropLast()) : text
        default: return error
        }
        return CallError(.providerUnavailable, "can't reach \(url): \(reason); is `llama-stack run` running there?")
    }

    var models: [String]? { nil }

    func close() async { await network.close() }
}
