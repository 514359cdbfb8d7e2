import ContractBridge
import LlamaStackAPI

/// One HTTP request to another server: see ``NetworkClient``.
public struct NetworkRequest: Sendable {
    /// The methods of HTTP that the host sends.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// GET unless said otherwise.
    public var method: Method
    /// `https://…`, or `http://…` where the distribution allows it. Read strictly: no user name, no fragment, no
    /// spaces.
    public var url: String
    /// In this order. The host sets Host, Content-Length and what else belongs to the connection, and refuses them
    /// here.
    public var headers: [HTTPField]
    /// At most 64 MiB.
    public var body: [UInt8]
    /// A longer answer ends with `upstream_error`; nil: no limit. A number in the distribution counts instead of it.
    public var bytesMax: Int?
    /// The whole request, redirects and the answer's body included; nil: 600. A number in the distribution counts
    /// instead of it.
    public var secondsMax: Double?
    /// 0: a redirect is the answer, and is not followed; nil: 3, at most 10.
    public var redirectsMax: Int?

    /// The defaults are those of the properties; nothing is checked before the request is sent.
    public init(
        _ method: Method = .get, _ url: String, headers: [HTTPField] = [], body: [UInt8] = [], bytesMax: Int? = nil,
        secondsMax: Double? = nil, redirectsMax: Int? = nil
    ) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
        (self.bytesMax, self.secondsMax, self.redirectsMax) = (bytesMax, secondsMax, redirectsMax)
    }

    var parameters: NetworkParameters {
        NetworkParameters(
            method: method.rawValue, url: url, headers: headers.map { [$0.name, $0.value] }, bytesMax: bytesMax,
            secondsMax: secondsMax, redirectsMax: redirectsMax)
    }
}

/// One header of a request or an answer.
public struct HTTPField: Sendable, Hashable {
    /// Without the colon. Letter case is kept, and means nothing.
    public var name: String
    /// One line: a carriage return or a newline in it is refused when the request is sent.
    public var value: String

    /// A header line; checked when the request is sent.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}
