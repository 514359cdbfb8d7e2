import ContractBridge
import LlamaStackAPI

/// HTTP requests to other servers, sent by the host: a provider opens no connection of its own.
/// ``Provider/needsNetwork`` must be true, and the distribution says under `network` which servers may be asked.
///
///     let request = NetworkRequest(.post, configuration.url + "/embeddings", body: json.bytes, secondsMax: 60)
///     let response = try await call.network.request(request)
///     for try await piece in response.body { … }
///
/// Errors are ``ProviderError``s: `url_not_allowed` for a URL that the distribution does not allow, `upstream_error`
/// for a server that is not reached, breaks off or breaks a limit. Their messages begin with a verb ("must be …"), so
/// that the name of the field with the URL can stand before them.
public struct NetworkClient: Sendable {
    let caller: HostCaller

    /// Sends a request and returns when the head of its answer is there. Cancelling the task, then or while the body is
    /// read, closes the connection; so does the deadline of the call on whose behalf it is.
    public func request(_ request: NetworkRequest) async throws -> NetworkResponse {
        let answer = try start(NetworkCall.request, request.parameters, request.body)
        return NetworkResponse(try await NetworkAnswer(answer))
    }

    /// Gets content that a URL names. Throws `upstream_error` unless the status is 200 and the bytes are not
    /// compressed.
    public func content(of url: String, bytesMax: Int, secondsMax: Double) async throws -> NetworkResponse {
        let response = try await request(NetworkRequest(.get, url, bytesMax: bytesMax, secondsMax: secondsMax))
        guard response.status == 200 else {
            throw ProviderError(.upstreamError, "can't be fetched: its host answered \(response.status)")
        }
        guard response.values(of: "Content-Encoding").allSatisfy({ $0.lowercased() == "identity" }) else {
            throw ProviderError(
                .upstreamError, "can't be fetched: its host compresses it, though it was not asked to")
        }
        return response
    }

    /// Throws `url_not_allowed` when the distribution does not allow the URL, as far as can be said without connecting.
    public func check(_ url: String) async throws {
        _ = try await start(NetworkCall.check, NetworkParameters(method: "GET", url: url)).collect()
    }

    /// Whether the distribution lets this provider ask any server but those of its own configuration.
    public func isEnabled() async throws -> Bool {
        guard caller.link != nil else { return false }
        do {
            let answer = try await start(NetworkCall.status, nil).collect()
            return try JSON(parsing: answer)["enabled"] == true
        } catch let error as ProviderError where [.apiNotServed, .notFound].contains(error.code) {
            // A host that has no network for anybody.
            return false
        }
    }

    private func start(_ method: String, _ parameters: NetworkParameters?, _ body: [UInt8] = []) throws -> Answer {
        var request = CallRequest(method: method)
        request.parameters = parameters?.json.bytes ?? []
        request.body = body
        return try caller.start(request)
    }
}

extension CallsProviders {
    /// The way to other servers.
    public var network: NetworkClient { NetworkClient(caller: caller(.inference, nil).to(NetworkCall.target)) }
}
