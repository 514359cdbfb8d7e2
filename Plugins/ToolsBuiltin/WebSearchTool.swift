import ProviderKit

/// The provider's configuration.
struct BuiltinConfiguration: WireRecord, Hashable {
    var webSearch: WebSearchConfiguration?

    static let object = Object(
        "BuiltinConfiguration", isComponent: false, Self.init,
        Field("web_search", \.webSearch, "The server that web_search asks. Without it the tool is not available."))
}

/// A server in the form of Brave's search API.
struct WebSearchConfiguration: WireRecord, Hashable {
    var url: String?
    /// Empty like nil: an environment variable that is not set.
    var apiKey: String?

    static let object = Object(
        "WebSearchConfiguration", isComponent: false, Self.init,
        Field("url", \.url, isServerURL: true, "The endpoint, such as https://api.search.brave.com/res/v1/web/search."),
        Field("api_key", \.apiKey, "The key, sent as X-Subscription-Token. Take it from the environment."))
}

/// The draft's `web_search`, by a server in Brave's form (`GET …/web/search?q=`).
struct WebSearchTool: BuiltinTool {
    private static let charactersMax = 400
    private static let bytesMax = 1 << 20
    private static let secondsMax = 15.0

    /// The endpoint and its key, or why there is none.
    private let server: Result<(url: String, key: String), NotConfigured>

    private struct NotConfigured: Error {
        var reason: String
    }

    init(_ configuration: WebSearchConfiguration?) {
        server =
            if let url = configuration?.url {
                if let key = configuration?.apiKey, !key.isEmpty {
                    .success((url, key))
                } else {
                    .failure(NotConfigured(reason: "the configuration web_search.api_key of inline::builtin is empty"))
                }
            } else {
                .failure(
                    NotConfigured(
                        reason: "no search server is configured: inline::builtin needs web_search.url and "
                            + "web_search.api_key"))
            }
    }

    var listed: ListedTool {
        let reason: String? = if case .failure(let missing) = server { missing.reason } else { nil }
        return ListedTool(
            toolName: "web_search",
            description: "Searches the web. Answers up to three results: titles, addresses and descriptions.",
            parameters: [
                "type": "object",
                "properties": ["query": ["type": "string", "description": "The words to search for."]],
                "required": ["query"], "additionalProperties": false,
            ], unavailable: reason)
    }

    func run(_ arguments: JSONObject, _ call: Call) async throws -> ToolResult {
        guard case .success(let server) = server else { return .failed("web_search is not configured here") }
        if let unknown = arguments.keys.first(where: { $0 != "query" }) {
            return .failed("'\(unknown.prefix(40))' is no argument: write the words to search for in query")
        }
        guard let query = arguments["query"] else { return .failed("query: is required, the words to search for") }
        guard let words = query.stringValue else {
            return .failed("query: must be a string, the words to search for, got \(query.kind)")
        }
        guard (1...Self.charactersMax).contains(words.count), words.contains(where: { !$0.isWhitespace }) else {
            return .failed("query: must have 1 to \(Self.charactersMax) characters, got \(words.count)")
        }
        let request = NetworkRequest(
            .get, Self.address(server.url, words),
            headers: [HTTPField("Accept", "application/json"), HTTPField("X-Subscription-Token", server.key)],
            bytesMax: Self.bytesMax, secondsMax: Self.secondsMax, redirectsMax: 0)
        do {
            return try await Self.result(of: try await call.network.request(request), words, call)
        } catch let error as ProviderError {
            // The network's messages begin with a verb.
            throw ProviderError(error.code, "the search server \(error.message)", field: nil)
        }
    }

    // MARK: the answer

    private static func result(
        of response: NetworkResponse, _ words: String, _ call: Call
    ) async throws -> ToolResult {
        guard response.status == 200 else {
            call.log.warning("web_search failed", ["status": "\(response.status)"])
            return .failed(reason(response.status))
        }
        let bytes = try await response.body.collect(bytesMax: bytesMax)
        return try await OffPool.run(bytes: bytes.count) {
            guard let json = try? JSON(parsing: bytes), case .object = json else {
                return .failed("the search server's answer is no JSON object: answer without searching")
            }
            guard let results = BraveResults(json, query: words) else {
                return .failed("the search server's answer has no results in a form that is known")
            }
            return ToolResult(content: .text(results.json.text))
        }
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 401, 403: "the search server refuses the server's key (status \(status)): answer without searching"
        case 429: "the search server takes no more searches now (status 429): try once more later"
        case 400, 422: "the search server does not take this query (status \(status)): word it in another way"
        default: "the search server failed (status \(status)): answer without searching"
        }
    }

    // MARK: the request

    private static func address(_ url: String, _ words: String) -> String {
        var encoded = ""
        for byte in words.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return url + (url.contains("?") ? "&" : "?") + "q=" + encoded
    }
}
