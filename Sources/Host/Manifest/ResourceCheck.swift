import LlamaStackAPI

/// Finds the provider of each resource of a distribution, and holds their names against each other.
struct ResourceCheck {
    let diagnostics: Diagnostics
    let names: WrittenNames
    let absolute: (String) -> String

    /// Where an entry belongs.
    private struct Home {
        var api: API
        var providerID: String
    }

    private struct Problem: Error {
        var position: Position
        var code: String
        var message: String
    }

    func entries(_ resources: [RawResource]) -> [Manifest.ResourceEntry] {
        let homes = resources.map { resource in Result { () throws(Problem) in try home(of: resource, resources) } }
        checkNames(resources, homes)
        return zip(resources, homes).compactMap { resource, home in
            checkAdapter(resource, resources)
            switch home {
            case .success(let home?): return entry(resource, home)
            case .success(nil): return nil
            case .failure(let problem):
                diagnostics.add(problem.position, problem.code, problem.message)
                return nil
            }
        }
    }

    private func entry(_ resource: RawResource, _ home: Home) -> Manifest.ResourceEntry {
        var body: JSONObject = ["kind": .string(resource.kind.name), "id": .string(resource.id.value)]
        body["path"] = resource.path.map { .string(absolute($0.value)) }
        body["base"] = resource.base.map { .string($0.value) }
        body["adapter"] = resource.adapter.map { .string(absolute($0.value)) }
        body["draft_model"] = resource.draftModel.map { .string(absolute($0.value)) }
        body["config"] = resource.config?.json
        return Manifest.ResourceEntry(
            kind: resource.kind, id: resource.id.value, api: home.api, providerID: home.providerID,
            aliases: resource.aliases.map(\.value), base: resource.base?.value, resource: body,
            isOptional: resource.isOptional, config: resource.config, position: resource.position,
            files: [resource.path, resource.adapter, resource.draftModel].compactMap { file in
                file.map { .init(written: $0.value, path: absolute($0.value), position: $0.position) }
            })
    }

    // MARK: names

    /// A name is one resource's of a kind in an API.
    private func checkNames(_ resources: [RawResource], _ homes: [Result<Home?, Problem>]) {
        struct Name: Hashable {
            var kind: ResourceKind, api: String, name: String
        }
        var owners: [Name: Position] = [:]
        func check(_ name: Placed<String>, _ resource: RawResource, _ home: Result<Home?, Problem>) {
            let kind = resource.kind
            // Where it belongs is not known: where it most likely does.
            let api = (try? home.get())?.api.rawValue ?? resource.api?.value ?? kind.apis[0].rawValue
            let key = Name(kind: kind, api: api, name: name.value)
            guard let other = owners[key] else { return owners[key] = name.position }
            diagnostics.add(
                name.position, "duplicate_\(kind.name)",
                "\(Quote.short(name.value)) names a \(kind.title) on line \(other.line) already")
        }
        // Ids first: an alias that takes an id's name is the alias's mistake, wherever it stands.
        for (resource, home) in zip(resources, homes) { check(resource.id, resource, home) }
        for (resource, home) in zip(resources, homes) {
            for alias in resource.aliases { check(alias, resource, home) }
        }
    }

    // MARK: adapters

    /// The one that an adapter belongs to; nil where there is none.
    private func base(of resource: RawResource, _ resources: [RawResource]) -> RawResource? {
        guard let base = resource.base, base.value != resource.id.value else { return nil }
        let found = resources.filter { $0.kind == resource.kind && $0.id.value == base.value }
        return found.first { resource.api == nil || $0.api?.value == resource.api?.value } ?? found.first
    }

    private func checkAdapter(_ resource: RawResource, _ resources: [RawResource]) {
        let kind = resource.kind
        guard let base = resource.base else {
            if resource.adapter != nil {
                diagnostics.add(
                    resource.position, "missing_key",
                    "the \(kind.title) has an 'adapter' but no 'base' that it adapts")
            }
            return
        }
        let written = names.ids(of: kind)
        let ids = written.known.filter { $0 != resource.id.value }
        guard ids.contains(base.value) else {
            guard written.areAll || base.value == resource.id.value else { return }
            let rest = Spelling.closest(to: base.value, in: ids).map { " (did you mean '\($0)'?)" } ?? ""
            return diagnostics.add(
                base.position, "unknown_\(kind.name)",
                "'base' must be another \(kind.title)'s \(kind.idKey), got \(Quote.short(base.value))\(rest)")
        }
        guard resource.adapter != nil else {
            return diagnostics.add(
                base.position, "missing_key", "the \(kind.title) has a 'base' but no 'adapter'")
        }
        if resource.path != nil {
            diagnostics.add(
                resource.position, "bad_value",
                "an adapter has no 'path': its weights are its base's and those under 'adapter'")
        }
        if self.base(of: resource, resources)?.base != nil {
            diagnostics.add(base.position, "bad_value", "'base' must not be an adapter itself")
        }
    }

    // MARK: providers

    /// nil when it follows from a mistake that is the base's.
    private func home(of resource: RawResource, _ resources: [RawResource]) throws(Problem) -> Home? {
        if resource.adapter != nil, let base = base(of: resource, resources), base.base == nil {
            guard let home = try? ownHome(of: base) else { return nil }
            if let wanted = resource.providerID, wanted.value != home.providerID {
                throw Problem(
                    position: wanted.position, code: "bad_value",
                    message: "an adapter is served by its base's provider, \(Quote.short(home.providerID)), "
                        + "got \(Quote.short(wanted.value))")
            }
            if let wanted = resource.api, wanted.value != home.api.rawValue {
                throw Problem(
                    position: wanted.position, code: "bad_value",
                    message: "an adapter belongs to its base's API, '\(home.api.rawValue)', got '\(wanted.value)'")
            }
            return home
        }
        return try ownHome(of: resource)
    }

    /// nil when a mistake that was reported may hide its provider.
    private func ownHome(of resource: RawResource) throws(Problem) -> Home? {
        let kind = resource.kind
        let apis = kind.apis.filter { [nil, $0.rawValue].contains(resource.api?.value) }
        let areAll = apis.allSatisfy { names.providers(of: $0).areAll }
        let served = apis.filter { !providers(of: $0).isEmpty }
        let named = (served.isEmpty ? apis : served).map(\.rawValue).joined(separator: " or ")
        guard let wanted = resource.providerID else {
            guard let api = served.first else {
                guard areAll, !isAdapter(resource) else { return nil }
                throw Problem(
                    position: resource.position, code: "missing_key",
                    message: "the \(kind.title) has no provider: 'providers' has no \(named)")
            }
            let known = providers(of: api)
            guard areAll || known.count > 1 else { return nil }
            guard known.count == 1 else {
                guard !isAdapter(resource) else { return nil }
                throw Problem(
                    position: resource.position, code: "missing_key",
                    message: "the \(kind.title) must name its 'provider_id': there are "
                        + known.joined(separator: ", "))
            }
            return Home(api: api, providerID: known[0])
        }
        let holding = apis.filter { providers(of: $0).contains(wanted.value) }
        guard holding.count < 2 else {
            throw Problem(
                position: wanted.position, code: "missing_key",
                message: "\(Quote.short(wanted.value)) is a provider of "
                    + holding.map(\.rawValue).joined(separator: " and of ")
                    + ": the \(kind.title) must say which with 'api'")
        }
        if let api = holding.first { return Home(api: api, providerID: wanted.value) }
        guard areAll else { return nil }
        let known = apis.flatMap { providers(of: $0) }.reduce(into: [String]()) { known, id in
            if !known.contains(id) { known.append(id) }
        }
        let rest =
            Spelling.closest(to: wanted.value, in: known).map { " (did you mean '\($0)'?)" }
            ?? (known.isEmpty ? "; there are none" : "; there are " + known.joined(separator: ", "))
        throw Problem(
            position: wanted.position, code: "unknown_provider",
            message: "no \(named) provider \(Quote.short(wanted.value))\(rest)")
    }

    /// Errors about an adapter's base are reported at the base.
    private func isAdapter(_ resource: RawResource) -> Bool { resource.base != nil || resource.adapter != nil }

    private func providers(of api: API) -> [String] { names.providers(of: api).known }
}
