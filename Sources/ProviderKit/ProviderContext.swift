import CProviderABI
import LlamaStackAPI

/// What an instance is given at its start, to keep: who it is, its folders, and what the host lends it.
public struct ProviderContext: Sendable {
    /// What an instance is made for.
    public enum Purpose: Sendable {
        case serve
        /// `llama-stack validate`: the instance is made, told of its resources and shut down, perhaps beside one that serves
        /// from the same database or server. It throws what would keep it from serving, and changes nothing outside
        /// ``ProviderContext/statePath``, which is empty and will be removed.
        case check
    }

    /// The entry's `provider_id` in the distribution.
    public let providerID: String
    /// A folder (mode 0700) for this instance alone; nil when the distribution keeps no state.
    public let statePath: String?
    /// The folder of the distribution's file. Relative paths in the configuration start from it: see ``path(_:)``.
    public let basePath: String
    public let purpose: Purpose
    public let log: Log
    public let metrics: Metrics

    let link: HostLink?

    /// For tests of a provider without a host: the log goes nowhere, and calls of other providers fail.
    public init(providerID: String, statePath: String? = nil, basePath: String = "/", purpose: Purpose = .serve) {
        self.init(providerID: providerID, statePath: statePath ?? "", basePath: basePath, purpose: purpose, link: nil)
    }

    init(providerID: String, statePath: String, basePath: String, purpose: Purpose, link: HostLink?) {
        self.providerID = providerID
        self.statePath = statePath.isEmpty ? nil : statePath
        self.basePath = basePath
        self.purpose = purpose
        self.link = link
        log = Log(link: link, fields: [:])
        metrics = Metrics(link: link)
    }

    /// A path out of the configuration, made absolute.
    public func path(_ path: String) -> String {
        path.hasPrefix("/") ? path : basePath.hasSuffix("/") ? basePath + path : "\(basePath)/\(path)"
    }

    /// Makes a resource known: the host keeps it, and registers it with the provider that serves its kind. Returns when
    /// that provider has taken it. An id that this provider has announced already is replaced.
    ///
    /// Until the whole distribution has started it waits, so `init` and `register` of a provider must not wait for it.
    ///
    /// - Parameter api: where several APIs serve the kind; nil: its base's, else the first that the distribution has.
    public func announce(_ resource: Resource, for api: API? = nil) async throws {
        guard let link else { throw ProviderError(.providerUnavailable, "there is no host") }
        var resource = resource
        resource.more["api"] = api.map { .string($0.rawValue) }
        _ = try await link.announce(resource).collect()
    }

    /// Takes back what this provider has announced: its provider serves it no more, and the host forgets it. Waits as
    /// ``announce(_:for:)`` does.
    ///
    /// - Parameter api: where the id is announced for several.
    public func withdraw(_ kind: ResourceKind, _ id: String, from api: API? = nil) async throws {
        guard let link else { throw ProviderError(.providerUnavailable, "there is no host") }
        var resource: JSONObject = ["kind": .string(kind.name), "id": .string(id)]
        resource["api"] = api.map { .string($0.rawValue) }
        _ = try await link.withdraw(resource).collect()
    }
}

extension ProviderContext.Purpose {
    /// A host of version 1.0 does not say it: its setup ends before.
    init(_ setup: UnsafePointer<lsp_setup>) {
        let end = MemoryLayout<lsp_setup>.offset(of: \.purpose).map { $0 + MemoryLayout<UInt32>.size } ?? .max
        guard Int(setup.pointee.struct_size) >= end else {
            self = .serve
            return
        }
        self = setup.pointee.purpose == UInt32(LSP_CHECK) ? .check : .serve
    }
}
