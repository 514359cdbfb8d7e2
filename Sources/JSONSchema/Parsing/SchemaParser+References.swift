import LlamaStackAPI

/// A document's resources: the parts of it that have a URI of their own, the whole being the first.
struct Resources {
    typealias ID = Int

    struct Resource {
        let uri: URIReference
        /// The JSON Pointer of its schema.
        let place: String
        var draft: Draft?
        /// JSON Pointers by name.
        var anchors: [String: String] = [:]
        var dynamicAnchors: Set<String> = []
        /// `$recursiveAnchor` of draft 2019-09.
        var isRecursive = false
    }

    private(set) var all: [Resource] = []
    private var ids: [URIReference: ID] = [:]

    subscript(id: ID) -> Resource {
        get { all[id] }
        set { all[id] = newValue }
    }

    mutating func add(_ uri: URIReference, at place: String, draft: Draft?) -> ID {
        all.append(Resource(uri: uri, place: place, draft: draft))
        ids[uri] = all.count - 1
        return all.count - 1
    }

    func id(of uri: URIReference) -> ID? { ids[uri] }
}

/// `$id`, anchors, and what refers to them.
extension SchemaParser {
    struct Reference {
        let node: NodeID
        let keyword: String
        let text: String
        let scope: Scope
    }

    /// Notes the names that a schema gives itself.
    func isAnchor(_ id: String) -> Bool { id.hasPrefix("#") && id.count > 1 }

    mutating func identify(_ keywords: Keywords, _ scope: inout Scope) throws(SchemaError) {
        for keyword in ["$id", "id"] {
            guard let text = try keywords.text(keyword) else { continue }
            // Drafts 4 to 7 write anchors so.
            if isAnchor(text) {
                try add(anchor: String(text.dropFirst()), keyword, keywords, scope)
                continue
            }
            let uri = URIReference(text).resolved(against: resources[scope.resource].uri).document
            if let known = resources.id(of: uri), resources[known].place != keywords.place {
                throw keywords.failure(
                    keyword, "\(Excerpt.text(of: .string(text))) is the id of #\(resources[known].place), too")
            }
            scope.resource = resources.add(uri, at: keywords.place, draft: scope.draft)
        }
        resources[scope.resource].draft = scope.draft
        if let name = try keywords.text("$anchor") { try add(anchor: name, "$anchor", keywords, scope) }
        if let name = try keywords.text("$dynamicAnchor") {
            try add(anchor: name, "$dynamicAnchor", keywords, scope)
            resources[scope.resource].dynamicAnchors.insert(name)
        }
        if try keywords.flag("$recursiveAnchor") == true { resources[scope.resource].isRecursive = true }
    }

    private mutating func add(
        anchor: String, _ keyword: String, _ keywords: Keywords, _ scope: Scope
    ) throws(SchemaError) {
        if let other = resources[scope.resource].anchors[anchor], other != keywords.place {
            throw keywords.failure(keyword, "\(Excerpt.text(of: .string(anchor))) is the name of #\(other), too")
        }
        resources[scope.resource].anchors[anchor] = keywords.place
    }

    mutating func readReferences(_ keywords: Keywords, _ id: NodeID, _ scope: Scope) throws(SchemaError) {
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            guard let text = try keywords.text(keyword) else { continue }
            references.append(Reference(node: id, keyword: keyword, text: text, scope: scope))
        }
    }

    /// Reads the schemas that no other keyword has led to; they may have references of their own.
    mutating func resolveReferences() throws(SchemaError) {
        var targets: [NodeID] = []
        var next = 0
        while next < references.count {
            let reference = references[next]
            next += 1
            let target = try target(of: reference)
            targets.append(target)
        }
        // With all anchors known.
        for (reference, target) in zip(references, targets) {
            if let name = try dynamicName(of: reference, target) {
                nodes[reference.node].dynamicReference = SchemaNode.DynamicReference(name: name, otherwise: target)
            } else if nodes[reference.node].reference == nil {
                nodes[reference.node].reference = target
            } else {
                nodes[reference.node].allOf.append(target)
            }
        }
    }

    /// By resource; empty when no node asks.
    var dynamicAnchors: [[String: NodeID]] {
        guard nodes.contains(where: { $0.dynamicReference != nil }) else { return [] }
        return resources.all.map { resource in
            var anchors: [String: NodeID] = [:]
            for name in resource.dynamicAnchors { anchors[name] = resource.anchors[name].flatMap { ids[$0] } }
            return anchors
        }
    }

    private mutating func target(of reference: Reference) throws(SchemaError) -> NodeID {
        let base = resources[reference.scope.resource].uri
        let uri = URIReference(reference.text).resolved(against: base)
        guard let resource = resources.id(of: uri.document) else {
            throw failure(reference, "leads out of the document; nothing is fetched", .unsupported)
        }
        guard let fragment = JSONPointer.decoded(uri.fragment ?? "") else {
            throw failure(reference, "has a fragment that is no text")
        }
        let root = resources[resource].place
        if fragment.isEmpty { return try node(at: root, reference, resource) }
        if fragment.hasPrefix("/") {
            guard let tokens = JSONPointer.tokens(fragment) else {
                throw failure(reference, "is no JSON Pointer: after ~ stands 0 or 1")
            }
            let place = tokens.reduce(root) { $0 + "/" + JSONPointer.escaped($1) }
            return try node(at: place, reference, resource)
        }
        guard let place = resources[resource].anchors[fragment] else {
            let close = Spelling.closest(to: fragment, in: resources[resource].anchors.keys.sorted())
            throw failure(
                reference,
                "leads to no schema: no anchor has that name" + (close.map { " (did you mean '#\($0)'?)" } ?? ""))
        }
        return try node(at: place, reference, resource)
    }

    private mutating func node(
        at place: String, _ reference: Reference, _ resource: Resources.ID
    ) throws(SchemaError) -> NodeID {
        if let id = ids[place] { return id }
        guard let tokens = JSONPointer.tokens(place), let schema = JSONPointer.value(tokens, in: document) else {
            throw failure(reference, "leads to no schema: there is nothing at #\(place)")
        }
        return try node(schema, place, Scope(resource: resource, draft: resources[resource].draft, depth: 0))
    }

    /// The name of the schema that is meant where the way to the reference decides; nil where it is `target` whatever
    /// the way: where that has no dynamic anchor of the name, or is the only one that has.
    private func dynamicName(of reference: Reference, _ target: NodeID) throws(SchemaError) -> String? {
        switch reference.keyword {
        case "$dynamicRef":
            let name = URIReference(reference.text).fragment.flatMap(JSONPointer.decoded) ?? ""
            let home = resources[nodes[target].resource]
            guard home.dynamicAnchors.contains(name), home.anchors[name] == nodes[target].place else { return nil }
            return resources.all.count { $0.dynamicAnchors.contains(name) } > 1 ? name : nil
        case "$recursiveRef":
            guard resources[nodes[target].resource].isRecursive, resources.all.count > 1 else { return nil }
            throw failure(
                reference, "could mean more than one schema, depending on the way to it; write $ref", .unsupported)
        default: return nil
        }
    }

    private func failure(
        _ reference: Reference, _ message: String, _ kind: SchemaError.Kind = .invalid
    ) -> SchemaError {
        SchemaError(
            kind, nodes[reference.node].place, reference.keyword,
            "\(Excerpt.text(of: .string(reference.text))) \(message)")
    }
}
