import Foundation
import LlamaStackAPI

extension Stack {
    /// How one provider of the distribution is.
    package struct ProviderStatus: Sendable {
        package var api: API
        package var providerID: String
        /// The server is ready without it.
        package var isOptional: Bool
        package var channel: ChannelStatus
        package var label: String { "\(api.rawValue)/\(providerID)" }
    }

    /// In the file's order. Cheap.
    package var providers: [ProviderStatus] { providers(of: currentTable) }

    func providers(of table: RoutingTable) -> [ProviderStatus] {
        let optional = Set(manifest.providers.filter(\.isOptional).map(\.label))
        return table.instances.map { instance in
            ProviderStatus(
                api: instance.api, providerID: instance.providerID, isOptional: optional.contains(instance.label),
                channel: instance.channel.status)
        }
    }

    /// The providers that keep the server from being ready.
    package var unready: [ProviderStatus] {
        providers.filter { !$0.isOptional && $0.channel.state != .running }
    }
}

extension Stack.ProviderStatus {
    /// {"api", "provider_id", "state", "since"?}
    package var json: JSON {
        var object: JSONObject = [
            "api": .string(api.rawValue), "provider_id": .string(providerID), "state": .string(channel.state.rawValue),
        ]
        if let since = channel.since { object["since"] = .string(since.ISO8601Format()) }
        return .object(object)
    }
}
