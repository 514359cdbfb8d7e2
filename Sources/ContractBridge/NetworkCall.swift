import LlamaStackAPI

/// The host's own service behind `host->call`: HTTP requests. Its word is one that no API may have.
package enum NetworkCall {
    /// The target of a call, and the word in a descriptor's `needs`.
    package static let target = "network"
    /// Sends one request. Parameters: ``NetworkParameters``; body: the request's.
    package static let request = "request"
    /// Asks whether a URL may be requested, as far as can be said without connecting. Parameters:
    /// ``NetworkParameters``, of which the URL counts. Answer: {}.
    package static let check = "check"
    /// Asks whether the caller may request anything beyond what its own config names. Answer: {"enabled": true}.
    package static let status = "status"

    /// The body of a request.
    package static let bodyBytesMax = 64 << 20
}

/// The parameters of a request.
package struct NetworkParameters: WireRecord {
    package var method: String
    package var url: String
    /// [name, value] each.
    package var headers: [[String]]
    package var bytesMax: Int?
    package var secondsMax: Double?
    package var redirectsMax: Int?

    package init(
        method: String, url: String, headers: [[String]] = [], bytesMax: Int? = nil, secondsMax: Double? = nil,
        redirectsMax: Int? = nil
    ) {
        (self.method, self.url, self.headers) = (method, url, headers)
        (self.bytesMax, self.secondsMax, self.redirectsMax) = (bytesMax, secondsMax, redirectsMax)
    }

    package static let object = Object(
        "NetworkParameters", isComponent: false, Self.init,
        Field(
            "method", \.method, default: "GET",
            check: Check("one of GET, POST, PUT, DELETE") { ["GET", "POST", "PUT", "DELETE"].contains($0) }),
        Field("url", \.url),
        Field(
            "headers", \.headers, default: [],
            check: Check("pairs of a name and a value") { $0.allSatisfy { $0.count == 2 } }),
        Field("bytes_max", \.bytesMax),
        Field("seconds_max", \.secondsMax),
        Field("redirects_max", \.redirectsMax))
}

/// The first line of an answer; the body's bytes follow.
package struct NetworkHead: WireRecord {
    /// The status of HTTP.
    package var status: Int
    /// The answer's own, after redirects.
    package var url: String
    /// [name, value] each, in the order in which they came.
    package var headers: [[String]]

    package init(status: Int, url: String, headers: [[String]]) {
        (self.status, self.url, self.headers) = (status, url, headers)
    }

    package static let object = Object(
        "NetworkHead", isComponent: false, Self.init,
        Field("status", \.status), Field("url", \.url), Field("headers", \.headers))
}
