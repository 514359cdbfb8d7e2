import ProviderKit

/// The era of a server, as its answer to an opening request tells it.
enum Discovery: Sendable, Equatable {
    case modern(Capabilities)
    case legacy
    /// It answers neither: a sentence about it.
    case neither(ServerFault)

    /// The part of a server's capabilities that matters here.
    struct Capabilities: Sendable, Equatable {
        var hasTools: Bool
        /// It says when its list of tools has changed.
        var tellsChanges: Bool

        init(_ json: JSON?) {
            let tools = json?["tools"]
            hasTools = tools?.objectValue != nil
            tellsChanges = tools?["listChanged"] == true
        }
    }

    /// - Parameter answer: to `server/discover`.
    init(probe answer: Result<JSON, ServerFault>) {
        switch answer {
        case .success(let result):
            guard case .array(let versions)? = result["supportedVersions"],
                versions.contains(.string(ProtocolEra.modernVersion))
            else {
                self = .legacy
                return
            }
            self = .modern(Capabilities(result["capabilities"]))
        case .failure(let fault): self.init(fault)
        }
    }

    private init(_ fault: ServerFault) {
        switch fault {
        case .rpc(let error), .http(status: _, let error?, _):
            // A modern server that does not know our version may know an older one.
            guard error.code == RPCError.unsupportedVersion else {
                self = error.isModern ? .neither(fault) : .legacy
                return
            }
            let supported = Self.versions(in: error.data["supported"])
            self =
                supported.contains(where: ProtocolEra.legacyVersions.contains)
                ? .legacy : .neither(.broken(Self.sentence(supported)))
        case .late: self = .legacy
        case .http(let status, nil, _):
            self = (400..<500).contains(status) && ![401, 403, 429].contains(status) ? .legacy : .neither(fault)
        case .gone, .broken: self = .neither(fault)
        }
    }

    /// The version that `initialize` has agreed on, and the capabilities.
    static func opened(_ result: JSON) throws(ServerFault) -> (ProtocolEra, Capabilities) {
        let version = result["protocolVersion"]?.stringValue ?? "none"
        guard ProtocolEra.legacyVersions.contains(version) else { throw .broken(sentence([version])) }
        return (.legacy(version: version), Capabilities(result["capabilities"]))
    }

    private static func versions(in json: JSON?) -> [String] {
        guard case .array(let items)? = json else { return [] }
        return items.prefix(16).compactMap(\.stringValue)
    }

    private static func sentence(_ versions: [String]) -> String {
        let known = ([ProtocolEra.modernVersion] + ProtocolEra.legacyVersions).joined(separator: ", ")
        let spoken = versions.map { String($0.prefix(40)) }.joined(separator: ", ")
        return "it speaks \(spoken.isEmpty ? "no version that it names" : spoken) of the protocol, and this provider "
            + known
    }
}
