import Foundation
import LlamaStackAPI

/// Holds the parts of a distribution against each other, and makes paths absolute.
struct ManifestCheck {
    static let version = 1
    let diagnostics: Diagnostics
    let directory: String
    /// An entry with a mistake of its own is not among the providers, but what names it is not wrong for that.
    let tree: YAMLNode

    func manifest(_ raw: RawManifest, file: String, name: String) -> Manifest {
        checkVersion(raw.version)
        checkServer(raw.server)
        checkProviders(raw.providers)
        let resources = ResourceCheck(diagnostics: diagnostics, tree: tree, absolute: absolute).entries(raw.resources)
        return Manifest(
            file: file, directory: directory, name: name, statePath: raw.state.map(absolute),
            server: Manifest.Server(
                host: raw.server.host.value, port: raw.server.port, allowedHosts: raw.server.allowedHosts,
                allowedOrigins: raw.server.allowedOrigins, isInsecure: raw.server.isInsecure,
                bodyBytesMax: raw.server.limits.bodyBytesMax, bodiesBytesMax: raw.server.limits.bodiesBytesMax,
                connectionsMax: raw.server.limits.connectionsMax,
                headerTimeoutSeconds: raw.server.limits.headerTimeoutSeconds,
                idleTimeoutSeconds: raw.server.limits.idleTimeoutSeconds,
                writeTimeoutSeconds: raw.server.limits.writeTimeoutSeconds,
                drainSeconds: raw.server.limits.drainSeconds),
            providerPath: raw.providerPath.map(absolute),
            providers: raw.providers.map { provider in
                Manifest.ProviderEntry(
                    api: provider.api, providerID: provider.providerID.value,
                    providerType: provider.providerType.value, library: provider.library,
                    isOptional: provider.isOptional, config: provider.config, position: provider.position)
            },
            resources: resources, source: ManifestSource(file: file))
    }

    private func checkVersion(_ version: Placed<Int>) {
        guard version.value != Self.version else { return }
        diagnostics.add(
            version.position, "bad_version", "'version' must be \(Self.version), got \(version.value)",
            hint: "this llama-stack reads version \(Self.version) of the format")
    }

    private func checkServer(_ server: RawServer) {
        guard !server.isInsecure, !ServerAddress.isLoopback(server.host.value) else { return }
        diagnostics.add(
            server.host.position, "not_loopback",
            "'host' \(Quote.short(server.host.value)) can be reached from other machines, and there is no authentication",
            hint: "listen on 127.0.0.1, or say 'insecure: true' under 'server'")
    }

    private func checkProviders(_ providers: [RawProvider]) {
        var first: [String: Position] = [:]
        for provider in providers {
            let label = "\(provider.api.rawValue)/\(provider.providerID.value)"
            if let other = first[label] {
                diagnostics.add(
                    provider.providerID.position, "duplicate_provider",
                    "\(provider.api.rawValue) has a provider \(Quote.short(provider.providerID.value)) on line \(other.line) already"
                )
            } else {
                first[label] = provider.providerID.position
            }
            if provider.isolation.value == "process" {
                diagnostics.add(
                    provider.isolation.position, "not_available", "'isolation: process' is not available yet",
                    hint: "use 'isolation: inline'")
            }
        }
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path.hasPrefix("/") ? path : directory + "/" + path).standardizedFileURL.path
    }
}
