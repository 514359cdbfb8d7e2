import Foundation
import LlamaStackAPI

/// Holds the parts of a distribution against each other, and makes paths absolute.
struct ManifestCheck {
    static let version = 1
    let diagnostics: Diagnostics
    let directory: String
    let names: WrittenNames
    /// Whether there is such a folder; answers true where the disk is not to be looked at.
    let isFolder: (String) -> Bool

    func manifest(_ raw: RawManifest, file: String, name: String) -> Manifest {
        checkVersion(raw.version)
        checkServer(raw.server.settings, at: raw.server.hostPosition)
        checkProviders(raw.providers, isolation: raw.isolation)
        checkFolders(raw.providerPath)
        let resources = ResourceCheck(diagnostics: diagnostics, names: names, absolute: absolute).entries(raw.resources)
        return Manifest(
            file: file, directory: directory, name: name, statePath: raw.state.map(absolute),
            server: raw.server.settings,
            network: network(raw.network, providers: raw.providers),
            networkFiles: raw.network.files.map {
                Manifest.ResourceEntry.File(written: $0.value, path: absolute($0.value), position: $0.position)
            },
            providerPath: raw.providerPath.map { absolute($0.value) },
            providers: raw.providers.map { provider in
                Manifest.ProviderEntry(
                    api: provider.api, providerID: provider.providerID.value,
                    providerType: provider.providerType.value, library: provider.library?.value,
                    libraryPosition: provider.library?.position ?? provider.providerType.position,
                    process: isolation(of: provider, raw.isolation) == "process" ? settings(provider.isolation) : nil,
                    limitsPosition: provider.isolation.limits?.position ?? provider.position,
                    isOptional: provider.isOptional, config: provider.config, position: provider.position)
            },
            resources: resources, warnings: diagnostics.warnings.sortedByPlace, source: ManifestSource(file: file))
    }

    private func checkVersion(_ version: Placed<Int>) {
        guard version.value != Self.version else { return }
        diagnostics.add(
            version.position, "bad_version", "'version' must be \(Self.version), got \(version.value)",
            hint: "this llama-stack reads version \(Self.version) of the format")
    }

    private func checkServer(_ server: ServerSettings, at hostPosition: Position) {
        guard server.isExposed else { return }
        diagnostics.add(
            hostPosition, "not_loopback",
            "'host' \(Quote.short(server.host)) can be reached from other machines, and there is no authentication",
            hint: "listen on 127.0.0.1, or say 'insecure: true' under 'server'")
    }

    private func checkProviders(_ providers: [RawProvider], isolation: String) {
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
            guard self.isolation(of: provider, isolation) == "inline" else { continue }
            for (key, position) in provider.isolation.ofProcess {
                diagnostics.add(
                    position, "needs_process", "'\(key)' is of a process of its own, and this provider has none",
                    hint: "say 'isolation: process', or leave '\(key)' out")
            }
        }
    }

    private func isolation(of provider: RawProvider, _ default: String) -> String {
        provider.isolation.isolation?.value ?? `default`
    }

    private func settings(_ raw: RawIsolation) -> IsolationSettings {
        var settings = IsolationSettings()
        if let restart = raw.restart { settings.restart = restart.value }
        if let seconds = raw.cancelSeconds { settings.cancelSeconds = seconds.value }
        if let environment = raw.environment { settings.environment = environment.value }
        if let limits = raw.limits { settings.limits = limits.value }
        return settings
    }

    private func checkFolders(_ folders: [Placed<String>]) {
        for folder in folders where !isFolder(absolute(folder.value)) {
            diagnostics.warn(
                folder.position, "no_folder", "there is no folder \(absolute(folder.value))",
                hint: "in a container: is it mounted?")
        }
    }

    func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path.hasPrefix("/") ? path : directory + "/" + path).standardizedFileURL.path
    }
}
