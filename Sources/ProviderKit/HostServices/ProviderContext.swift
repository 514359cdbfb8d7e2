import CProviderABI
import LlamaStackAPI

/// The context of one instance, given at its start and kept: its id, its folders, and the host's services.
public struct ProviderContext: Sendable {
    /// The purpose of an instance.
    public enum Purpose: Sendable {
        /// The instance serves calls.
        case serve
        /// `llama-stack validate`: the instance is made, told of its resources and shut down, perhaps beside one that
        /// serves from the same database or server. It throws what would keep it from serving, and changes nothing
        /// outside ``ProviderContext/statePath``, which is empty and will be removed.
        case check
    }

    /// The entry's `provider_id` in the distribution.
    public let providerID: String
    /// A folder (mode 0700) for this instance alone; nil when the distribution keeps no state.
    public let statePath: String?
    /// The folder of the distribution's file. Relative paths in the configuration start from it: see ``path(_:)``.
    public let basePath: String
    /// Whether the instance is made to serve, or only to find out whether it could.
    public let purpose: Purpose
    /// The host's log, marked with this provider's id.
    public let log: Log
    /// The host's metrics. The host accepts them and does not publish them yet.
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

    /// Makes a path from the configuration absolute, relative to ``basePath``. An absolute path stays as it is. Does
    /// not look at the file system.
    public func path(_ path: String) -> String {
        path.hasPrefix("/") ? path : basePath.hasSuffix("/") ? basePath + path : "\(basePath)/\(path)"
    }

    /// Makes a resource known: the host keeps it, and registers it with the provider that serves its kind. Returns when
    /// that provider has taken it. An id that this provider has announced already is replaced; while the new one loads,
    /// and when that fails, the old one serves.
    ///
    /// Until the whole distribution has started it waits, so `init` and `register` of a provider must not wait for it.
    ///
    /// Throws `alreadyExists` for an id that the distribution lists or that another provider has announced,
    /// `notImplemented` for a kind that cannot be announced, `apiNotServed` when no provider serves the kind,
    /// `storageFull` when the host cannot keep more, and the error of the provider that refused it. A cancelled task
    /// stops waiting; the announcement may still be made.
    ///
    /// - Parameters:
    ///   - api: where several APIs serve the kind; nil: its base's, else the first that the distribution has.
    ///   - beside: the id of a resource whose provider shall serve this one too; nil: its base's, else the first that
    ///     takes the kind.
    public func announce(_ resource: Resource, for api: API? = nil, beside: String? = nil) async throws {
        guard let link else { throw ProviderError(.providerUnavailable, "there is no host") }
        var resource = resource
        resource.more["api"] = api.map { .string($0.rawValue) }
        resource.more["beside"] = beside.map { .string($0) }
        _ = try await link.announce(resource).collect()
    }

    /// Takes back a resource that this provider has announced: its provider serves it no more, and the host forgets it.
    /// Waits as ``announce(_:for:)`` does.
    ///
    /// Throws `notFound` for an id that this provider has not announced, and `invalidRequest` when it is announced for
    /// several APIs and `api` is nil. A cancelled task stops waiting; the resource may still be withdrawn.
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
