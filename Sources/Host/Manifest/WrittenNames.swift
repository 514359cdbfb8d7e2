import LlamaStackAPI

/// The names that a distribution gives to its parts, also those of entries that have a mistake of their own: what
/// refers to them is not wrong for that.
struct WrittenNames {
    struct Names {
        var known: [String]
        /// False when a mistake that was reported hides some: then nothing is said of a name that is not known.
        var areAll: Bool
    }

    /// With its references resolved.
    let tree: YAMLNode

    func ids(of kind: ResourceKind) -> Names { names(kind.idKey, in: value(kind.section, of: tree)) }

    func providers(of api: API) -> Names {
        let providers = value("providers", of: tree)
        guard let node = providers.node else { return Names(known: [], areAll: providers.isSure) }
        var found = value(api.rawValue, of: node)
        found.isSure = found.isSure && providers.isSure
        return names("provider_id", in: found)
    }

    /// - Returns: the value of a key, nil when it has none, and whether that is certain.
    private func value(_ key: String, of node: YAMLNode) -> (node: YAMLNode?, isSure: Bool) {
        guard case .mapping(let members) = node.content else { return (nil, node.isNull && !node.isUnresolved) }
        if let value = node[key] { return (value, !value.isIncomplete) }
        // Without it, what stands under an unknown key was perhaps meant for it.
        let known = ManifestKeys.manifest.rows.map(\.name) + API.allCases.map(\.rawValue)
        let isUnknown = members.contains { member in
            if case .scalar(let scalar) = member.value.content, !scalar.isUnresolved { return false }
            return !known.contains(member.key)
        }
        return (nil, !node.isIncomplete && !isUnknown)
    }

    private func names(_ key: String, in list: (node: YAMLNode?, isSure: Bool)) -> Names {
        guard let node = list.node, !node.isNull || node.isUnresolved else {
            return Names(known: [], areAll: list.isSure)
        }
        guard case .sequence(let items) = node.content else { return Names(known: [], areAll: false) }
        let known = items.compactMap { item -> String? in
            guard let id = item[key], !id.isIncomplete, case .scalar(let scalar) = id.content, !scalar.isUnresolved
            else { return nil }
            return scalar.string
        }
        return Names(known: known, areAll: list.isSure && known.count == items.count)
    }
}
