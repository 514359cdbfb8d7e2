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
        checkServer(raw.server)
        checkProviders(raw.providers)
        checkFolders(raw.providerPath)
        let models = models(raw.models, raw.providers)
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
                callSecondsMax: raw.server.limits.callSecondsMax,
                drainSeconds: raw.server.limits.drainSeconds),
            providerPath: raw.providerPath.map { absolute($0.value) },
            providers: raw.providers.map { provider in
                Manifest.ProviderEntry(
                    api: provider.api, providerID: provider.providerID.value,
                    providerType: provider.providerType.value, library: provider.library?.value,
                    libraryPosition: provider.library?.position ?? provider.providerType.position,
                    isOptional: provider.isOptional, config: provider.config, position: provider.position)
            },
            models: models, warnings: diagnostics.warnings.sortedByPlace, source: ManifestSource(file: file))
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

    private func checkFolders(_ folders: [Placed<String>]) {
        for folder in folders where !isFolder(absolute(folder.value)) {
            diagnostics.warn(
                folder.position, "no_folder", "there is no folder \(absolute(folder.value))",
                hint: "in a container: is it mounted?")
        }
    }

    // MARK: models

    private func models(_ models: [RawModel], _ providers: [RawProvider]) -> [Manifest.ModelEntry] {
        checkNames(models)
        let inference = names.providers(of: .inference)
        return models.compactMap { model in
            let base = base(of: model, models)
            guard let provider = provider(of: model, base: base, inference) else { return nil }
            var resource: JSONObject = ["kind": "model", "id": .string(model.modelID.value)]
            if let path = model.path { resource["path"] = .string(absolute(path.value)) }
            if let base = model.base { resource["base"] = .string(base.value) }
            if let adapter = model.adapter { resource["adapter"] = .string(absolute(adapter.value)) }
            if let draftModel = model.draftModel { resource["draft_model"] = .string(absolute(draftModel.value)) }
            return Manifest.ModelEntry(
                modelID: model.modelID.value, providerID: provider, aliases: model.aliases.map(\.value),
                base: model.base?.value, resource: resource, isOptional: model.isOptional,
                position: model.position,
                files: [model.path, model.adapter, model.draftModel].compactMap { file in
                    file.map { .init(written: $0.value, path: absolute($0.value), position: $0.position) }
                })
        }
    }

    private func checkNames(_ models: [RawModel]) {
        var owners: [String: Position] = [:]
        // Ids first: an alias that takes an id's name is the alias's mistake, wherever it stands.
        for name in models.map(\.modelID) + models.flatMap(\.aliases) {
            if let other = owners[name.value] {
                diagnostics.add(
                    name.position, "duplicate_model",
                    "\(Quote.short(name.value)) names a model on line \(other.line) already")
            } else {
                owners[name.value] = name.position
            }
        }
    }

    /// The model that an adapter belongs to; nil for other models and where something is wrong with it.
    private func base(of model: RawModel, _ models: [RawModel]) -> RawModel? {
        guard let base = model.base else {
            if model.adapter != nil {
                diagnostics.add(
                    model.position, "missing_key", "the model has an 'adapter' but no 'base' that it adapts")
            }
            return nil
        }
        let ids = names.models
        guard ids.known.contains(base.value), base.value != model.modelID.value else {
            guard ids.areAll || base.value == model.modelID.value else { return nil }
            let rest =
                if let close = Spelling.closest(to: base.value, in: ids.known.filter { $0 != model.modelID.value }) {
                    " (did you mean '\(close)'?)"
                } else {
                    ""
                }
            diagnostics.add(
                base.position, "unknown_model",
                "'base' must be another model's model_id, got \(Quote.short(base.value))\(rest)")
            return nil
        }
        guard model.adapter != nil else {
            diagnostics.add(base.position, "missing_key", "the model has a 'base' but no 'adapter'")
            return nil
        }
        if model.path != nil {
            diagnostics.add(
                model.position, "bad_value",
                "an adapter has no 'path': its weights are its base's and those under 'adapter'")
        }
        let found = models.first { $0.modelID.value == base.value }
        guard found?.base == nil else {
            diagnostics.add(base.position, "bad_value", "'base' must not be an adapter itself")
            return nil
        }
        return found
    }

    private func provider(of model: RawModel, base: RawModel?, _ inference: WrittenNames.Names) -> String? {
        if let server = base?.providerID?.value, inference.known.contains(server) {
            guard let wanted = model.providerID, wanted.value != server else { return server }
            diagnostics.add(
                wanted.position, "bad_value",
                "an adapter is served by its base's provider, \(Quote.short(server)), got \(Quote.short(wanted.value))")
            return nil
        }
        guard let wanted = model.providerID else {
            if inference.known.count == 1, inference.areAll { return inference.known[0] }
            // An adapter's provider is its base's: what is wrong with that was said.
            guard inference.areAll || inference.known.count > 1, model.base == nil, model.adapter == nil else {
                return nil
            }
            diagnostics.add(
                model.position, "missing_key",
                inference.known.isEmpty
                    ? "the model has no provider: 'providers' has no inference"
                    : "the model must name its 'provider_id': there are " + inference.known.joined(separator: ", "))
            return nil
        }
        if inference.known.contains(wanted.value) { return wanted.value }
        guard inference.areAll else { return nil }
        let close = Spelling.closest(to: wanted.value, in: inference.known).map { " (did you mean '\($0)'?)" }
        let others =
            inference.known.isEmpty ? "; there are none" : "; there are " + inference.known.joined(separator: ", ")
        diagnostics.add(
            wanted.position, "unknown_provider",
            "no inference provider \(Quote.short(wanted.value))\(close ?? others)")
        return nil
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path.hasPrefix("/") ? path : directory + "/" + path).standardizedFileURL.path
    }
}
