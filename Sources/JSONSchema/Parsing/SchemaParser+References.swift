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
        var next = 0
        while next < references.count {
            let reference = references[next]
            next += 1
            let target = try target(of: reference)
            if nodes[reference.node].reference == nil {
                nodes[reference.node].reference = target
            } else {
                nodes[reference.node].allOf.append(target)
            }
        }
        for reference in references where reference.keyword != "$ref" { try checkDynamic(reference) }
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

    /// `$dynamicRef` means the outermost schema of that name on the way to it, `$recursiveRef` the outermost resource:
    /// taken where there is one alone.
    private func checkDynamic(_ reference: Reference) throws(SchemaError) {
        let isAmbiguous: Bool
        if reference.keyword == "$dynamicRef" {
            let name = URIReference(reference.text).fragment ?? ""
            isAmbiguous = resources.all.count { $0.dynamicAnchors.contains(name) } > 1
        } else {
            isAmbiguous = resources.all.count > 1
        }
        if isAmbiguous {
            throw failure(
                reference, "could mean more than one schema, depending on the way to it; write $ref", .unsupported)
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
