import Foundation
import LlamaStackAPI
import Networking

/// The network settings within a config.
extension ConfigPlaces {
    /// The origins of the addresses in it: texts whose schema says `"network": true`.
    var endpoints: [NetworkOrigin] {
        ConfigAddress.all(in: json, schema: schema).compactMap { NetworkOrigin(of: $0.url) }
    }

    /// Addresses that are none.
    var wrongAddresses: [FileDiagnostic] {
        ConfigAddress.all(in: json, schema: schema).filter { NetworkOrigin(of: $0.url) == nil }.map { address in
            diagnostic(
                ConfigMistake(
                    path: address.path, code: "bad_value",
                    message: "\(ConfigSchema.name(address.path)) must be a URL like http://127.0.0.1:8000/v1",
                    showsValue: true))
        }
    }

    /// `fetch:` was a key of providers that ask for the network now: the lines to write in its place. nil for any other
    /// mistake.
    func movedFetch(_ mistake: ConfigMistake, _ descriptor: ProviderDescriptor) -> FileDiagnostic? {
        guard mistake.path == ["fetch"], mistake.isAboutKey, descriptor.needs.contains(NetworkCall.target) else {
            return nil
        }
        var rules = JSONObject()
        if case .object(let written)? = json["fetch"] { rules = written }
        let lines =
            ["network:", "  providers:", "    \(label):"] + rules.members.map { "      \($0.key): \($0.value.text)" }
        return diagnostic(
            ConfigMistake(
                path: mistake.path, code: "moved_key",
                message: "'fetch' is a part of the distribution's 'network' now", isAboutKey: true)
        ).with(hintLines: ["write at the left margin:"] + lines)
    }
}

extension FileDiagnostic {
    /// The same with a hint of several lines, each of them bounded.
    fileprivate func with(hintLines: [String]) -> FileDiagnostic {
        var changed = self
        changed.hint = hintLines.map { Quote.printable($0, charactersMax: 500) }.joined(separator: "\n    ")
        return changed
    }
}

extension NetworkService {
    /// The network access of a provider; nil when its `needs` does not name the network.
    func access(of descriptor: ProviderDescriptor, _ label: String, endpoints: [NetworkOrigin]) -> NetworkAccess? {
        let isNeeded = descriptor.needs.contains { $0 == NetworkCall.target || $0 == NetworkCall.target + "?" }
        return isNeeded ? access(for: label, endpoints: endpoints) : nil
    }
}
