import ContractBridge
import LlamaStackAPI

/// The contents of a provider library, as a value: the library need not be loaded in this process.
package struct LibraryDescription: Sendable {
    package var path: String
    /// The version of the header that it was built with.
    package var abiMajor: Int
    package var abiMinor: Int
    package var providers: [ProviderDescriptor]

    /// The provider of an entry, fit to run under this host.
    package func provider(api: String, type: String) throws(PluginRefusal) -> ProviderDescriptor {
        guard let provider = providers.first(where: { $0.api == api && $0.type == type }) else {
            let held = providers.map { "\($0.api) \($0.type)" }.joined(separator: ", ")
            throw PluginRefusal("provider_not_in_library", "\(path): has no \(api) \(type); it holds \(held)")
        }
        guard SwiftRuntime.matches(provider.runtime) else { throw refusal(ofRuntime: provider.runtime) }
        return provider
    }
}

extension LibraryDescription {
    /// Only a Swift library can be of the wrong runtime; what another says there is a mistake of its descriptor.
    private func refusal(ofRuntime runtime: String) -> PluginRefusal {
        guard runtime.lowercased().hasPrefix("swift") else {
            return PluginRefusal(
                "runtime_mismatch",
                "\(path): 'runtime' is \(Quote.short(runtime)); it must be 'none' for every language but Swift",
                hint: "set 'runtime' of its lsp_provider to \"none\" and build it again")
        }
        return PluginRefusal(
            "runtime_mismatch",
            "\(path): was built with \(Quote.short(runtime)); this host runs '\(SwiftRuntime.own)'",
            hint: "Swift providers must be built with the host's Swift version: build it again")
    }

    package var json: JSON {
        [
            "path": .string(path), "abi": .string("\(abiMajor).\(abiMinor)"),
            "providers": .array(providers.map(\.json)),
        ]
    }

    /// Decodes ``json``; nil when the other side is broken.
    package init?(json: JSON) {
        let version = (json["abi"]?.stringValue ?? "").split(separator: ".").compactMap { Int($0) }
        guard let path = json["path"]?.stringValue, version.count == 2, case .array(let providers)? = json["providers"]
        else { return nil }
        self.path = path
        abiMajor = version[0]
        abiMinor = version[1]
        self.providers = providers.compactMap { ProviderDescriptor(json: $0) }
        guard self.providers.count == providers.count else { return nil }
    }
}
