import ProviderKit

/// How a server speaks: with a version on every request, or in a session that `initialize` opens.
enum ProtocolEra: Sendable, Equatable {
    case modern
    case legacy(version: String)

    static let modernVersion = "2026-07-28"
    /// The newest first: it is the one that is offered.
    static let legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]

    var version: String {
        switch self {
        case .modern: Self.modernVersion
        case .legacy(let version): version
        }
    }

    /// The parameters of a request, with what the era wants in each.
    func params(_ params: JSONObject) -> JSONObject {
        guard self == .modern else { return params }
        var params = params
        params["_meta"] = [
            "io.modelcontextprotocol/protocolVersion": .string(Self.modernVersion),
            "io.modelcontextprotocol/clientCapabilities": [:],
            "io.modelcontextprotocol/clientInfo": Self.clientInfo,
        ]
        return params
    }

    /// The provider's own version.
    static let clientVersion = "1.0.0"
    static let clientInfo: JSON = ["name": "llama-stack", "version": .string(clientVersion)]

    /// The parameters of `initialize`.
    static var initializeParams: JSONObject {
        ["protocolVersion": .string(legacyVersions[0]), "capabilities": [:], "clientInfo": clientInfo]
    }
}
