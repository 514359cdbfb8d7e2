import ContractBridge
import ProviderKit
import Synchronization

/// A server at a URL: each request is a POST through the host's network, whose answer is JSON or a stream of events.
final class HTTPLink: Link {
    /// Requests of the server's own that are answered in one stream.
    private static let serverRequestsMax = 16
    private static let errorBytesMax = 64 << 10
    private static let sessionBytesMax = 1024
    private static let metadataSeconds = 5.0

    private struct State {
        var lastID: Int64 = 0
        var era: ProtocolEra?
        var session: String?
    }
    private let url: String
    private let headers: [HTTPField]
    private let network: NetworkClient
    private let log: ServerLog
    private let onListChanged: @Sendable () -> Void
    private let state = Mutex(State())
    private let end = Once<String>()

    /// - Parameters:
    ///   - headers: those of the distribution, a token among them.
    ///   - network: for what is sent on no caller's behalf.
    init(
        _ url: String, headers: [HTTPField], network: NetworkClient, log: ServerLog,
        onListChanged: @escaping @Sendable () -> Void
    ) {
        (self.url, self.headers, self.network) = (url, headers, network)
        (self.log, self.onListChanged) = (log, onListChanged)
    }

    // MARK: requests

    func send(_ request: ServerRequest) async throws -> JSON {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let clock = ContinuousClock.now
        do {
            let response = try await post(
                RPCText.request(id: id, request.method, request.params), request.limit.seconds, request.network,
                fields(for: request))
            let result = try await read(response, id: id, request)
            if request.method == "initialize" { adopt(response) }
            return result
        } catch let error as ProviderError {
            let isLate = error.code != .cancelled && clock.duration(to: .now) >= .seconds(request.limit.seconds)
            if isLate || error.code == .cancelled || Task.isCancelled {
                abandon(id, request.method)
                try Task.checkCancellation()
            }
            guard !isLate, error.code != .providerTimeout else {
                throw ServerFault.late(
                    method: request.method, seconds: request.limit.seconds, key: request.limit.key)
            }
            // Other errors are about this request, not about the server.
            let sentence = "\(url) \(error.message)"
            throw error.code == .upstreamError ? ServerFault.gone(sentence) : ServerFault.broken(sentence)
        } catch is CancellationError {
            abandon(id, request.method)
            throw CancellationError()
        }
    }

    private func post(
        _ body: [UInt8], _ seconds: Double, _ network: NetworkClient, _ fields: [HTTPField]
    ) async throws -> NetworkResponse {
        try await network.request(
            NetworkRequest(.post, url, headers: fields, body: body, secondsMax: seconds, redirectsMax: 0))
    }

    private func fields(for request: ServerRequest) -> [HTTPField] {
        var fields = common()
        guard state.withLock({ $0.era }) == .modern else { return fields }
        fields.append(HTTPField("Mcp-Method", request.method))
        if let name = request.name { fields.append(HTTPField("Mcp-Name", HTTPHeaderText.value(name))) }
        return fields + request.headers
    }

    private func common() -> [HTTPField] {
        let (era, session) = state.withLock { ($0.era, $0.session) }
        var fields =
            headers + [
                HTTPField("Accept", "application/json, text/event-stream"),
                HTTPField("Content-Type", "application/json"),
            ]
        if let era { fields.append(HTTPField("MCP-Protocol-Version", era.version)) }
        if let session { fields.append(HTTPField("Mcp-Session-Id", session)) }
        return fields
    }

    func notify(_ method: String, _ params: JSONObject) async {
        await sendOneWay(RPCText.notification(method, params))
    }

    private func sendOneWay(_ body: [UInt8]) async {
        guard let response = try? await post(body, ServerProcess.graceSeconds, network, common()) else { return }
        drain(response)
    }

    /// Reads the rest of an answer that is short, so that its connection can be used again.
    private func drain(_ response: NetworkResponse) {
        Task { _ = try? await Self.bytes(of: response, max: Self.errorBytesMax) }
    }

    /// A modern server sees that the stream is closed; another is told.
    private func abandon(_ id: Int64, _ method: String) {
        guard case .legacy? = state.withLock({ $0.era }), method != "initialize" else { return }
        Task { await notify("notifications/cancelled", ["requestId": .integer(id)]) }
    }

    // MARK: answers

    private func read(_ response: NetworkResponse, id: Int64, _ request: ServerRequest) async throws -> JSON {
        guard response.status == 200 else { throw try await fault(of: response) }
        if response.mediaType == "text/event-stream" { return try await readEvents(response, id: id) }
        let bytes = try await Self.bytes(of: response, max: MessageLimits.messageBytesMax)
        guard let bytes else { throw Self.tooLong }
        guard let message = RPCMessage(parsing: bytes) else {
            throw ServerFault.broken("its answer is no message of JSON-RPC")
        }
        guard let result = Self.result(of: message, id: id) else {
            throw ServerFault.broken("its answer is not to the request (its id is not \(id))")
        }
        return try result.get()
    }

    /// Up to the answer: what comes after it is left out.
    private func readEvents(_ response: NetworkResponse, id: Int64) async throws -> JSON {
        var stream = EventStream(bytesMax: MessageLimits.messageBytesMax)
        var asked = 0
        for try await piece in response.body {
            let events: [[UInt8]]
            do { events = try stream.feed(piece) } catch { throw Self.tooLong }
            for event in events {
                guard let message = RPCMessage(parsing: event) else {
                    log.note("an event that is no message of JSON-RPC is dropped")
                    continue
                }
                if let result = Self.result(of: message, id: id) {
                    drain(response)
                    return try result.get()
                }
                if case .request(let id, let method) = message, asked < Self.serverRequestsMax {
                    asked += 1
                    Task { await sendOneWay(RPCText.answer(toServerRequest: method, id: id)) }
                }
                if message == .notification(method: "notifications/tools/list_changed") { onListChanged() }
            }
        }
        throw ServerFault.broken("its stream ended without the answer")
    }

    /// nil when it is not the answer. An error may have no id, or one that says where it comes from.
    private static func result(of message: RPCMessage, id: Int64) -> Result<JSON, ServerFault>? {
        guard case .answer(let found, let result) = message else { return nil }
        if found == .integer(id) { return result.mapError { .rpc($0) } }
        if case .failure(let error) = result, !found.isNumber { return .failure(.rpc(error)) }
        return nil
    }

    private static let tooLong = ServerFault.broken(
        "it sent a message of more than \(MessageLimits.messageBytesMax) bytes (messageBytesMax)")

    /// nil when there are more.
    private static func bytes(of response: NetworkResponse, max bytesMax: Int) async throws -> [UInt8]? {
        var whole: [UInt8] = []
        for try await piece in response.body {
            guard piece.count <= bytesMax - whole.count else { return nil }
            whole += piece
        }
        return whole
    }

    private func fault(of response: NetworkResponse) async throws -> ServerFault {
        if (300..<400).contains(response.status) {
            let place = response.values(of: "Location").first.map { " to \($0.prefix(200))" } ?? ""
            return .broken("it redirects\(place), which is not followed: name that place as the url")
        }
        let bytes = try? await Self.bytes(of: response, max: Self.errorBytesMax)
        var error: RPCError?
        if let bytes, case .answer(_, .failure(let found))? = RPCMessage(parsing: bytes) { error = found }
        let challenge = response.status == 401 ? await challenge(of: response) : nil
        return .http(status: response.status, error, challenge: challenge)
    }

    /// From whom a token is had, as far as the server says.
    private func challenge(of response: NetworkResponse) async -> String? {
        guard let header = response.values(of: "WWW-Authenticate").first else { return nil }
        guard let page = TokenChallenge.metadataURL(header) else { return "it says \(header.prefix(200))" }
        let request = NetworkRequest(.get, page, secondsMax: Self.metadataSeconds, redirectsMax: 0)
        guard let response = try? await network.request(request), response.status == 200,
            let bytes = try? await Self.bytes(of: response, max: Self.errorBytesMax),
            case .array(let servers)? = (try? JSON(parsing: bytes))?["authorization_servers"]
        else { return "\(page.prefix(200)) says who issues it" }
        let names = servers.prefix(4).compactMap(\.stringValue).map { String($0.prefix(200)) }
        return "it is issued by \(names.joined(separator: " or "))"
    }

    // MARK: the session

    func use(_ era: ProtocolEra?) {
        state.withLock { state in
            state.era = era
            if era == nil || era == .modern { state.session = nil }
        }
    }

    var sessionID: String? { state.withLock { $0.session } }

    private func adopt(_ response: NetworkResponse) {
        let ids = response.values(of: "Mcp-Session-Id")
        guard let id = ids.first, ids.count == 1, id.utf8.count <= Self.sessionBytesMax, !id.isEmpty,
            id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return }
        state.withLock { $0.session = id }
    }

    // MARK: its end

    func ended() async -> String { await end.value() }

    func fail(_ sentence: String) { end.set(sentence) }

    func close() async {
        fail("it is being stopped")
        guard state.withLock({ $0.session }) != nil else { return }
        let fields = common().filter { $0.name != "Content-Type" }
        _ = try? await network.request(
            NetworkRequest(
                .delete, url, headers: fields, secondsMax: ServerProcess.graceSeconds, redirectsMax: 0))
    }
}

extension JSON {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .number, .exact: true
        default: false
        }
    }
}
