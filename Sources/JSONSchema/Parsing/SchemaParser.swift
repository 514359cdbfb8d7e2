import LlamaStackAPI

extension ValueSchema {
    /// Reads a schema. Everything that is wrong with one is an error that says where; a key that is no keyword is an
    /// annotation.
    package init(parsing document: JSON, limits: SchemaLimits = SchemaLimits()) throws(SchemaError) {
        let bytes = document.bytes.count
        guard bytes <= limits.bytesMax else {
            throw SchemaError(.limit, "", "", "has \(bytes) bytes; the limit is \(limits.bytesMax) (bytesMax)")
        }
        var parser = SchemaParser(document, limits)
        try parser.parse()
        try Rings.check(parser.nodes)
        self.init(nodes: parser.nodes, limits: limits, dynamicAnchors: parser.dynamicAnchors)
    }
}

/// Walks a document once: each schema in it becomes a node, then references are resolved to nodes.
struct SchemaParser {
    typealias NodeID = ValueSchema.NodeID

    let document: JSON
    let limits: SchemaLimits
    var nodes: [SchemaNode] = []
    var patternStates = 0
    /// By the JSON Pointer of their schema.
    var ids: [String: NodeID] = [:]
    var resources = Resources()
    var references: [Reference] = []

    /// Where a schema is read: the resource that it belongs to, and how deep in others it is.
    struct Scope {
        var resource: Resources.ID
        var draft: Draft?
        var depth: Int
    }

    init(_ document: JSON, _ limits: SchemaLimits) { (self.document, self.limits) = (document, limits) }

    mutating func parse() throws(SchemaError) {
        let resource = resources.add(URIReference(""), at: "", draft: nil)
        _ = try node(document, "", Scope(resource: resource, draft: nil, depth: 0))
        try resolveReferences()
    }

    /// The node of a schema, with all that are in it.
    mutating func node(_ schema: JSON, _ place: String, _ outer: Scope) throws(SchemaError) -> NodeID {
        if let id = ids[place] { return id }
        guard nodes.count < limits.subschemasMax else {
            throw SchemaError(
                .limit, place, "", "is one schema too many; the limit is \(limits.subschemasMax) (subschemasMax)")
        }
        guard outer.depth < limits.depthMax else {
            throw SchemaError(
                .limit, place, "", "is too deep in other schemas; the limit is \(limits.depthMax) (depthMax)")
        }
        guard place.utf8.count <= limits.placeBytesMax else {
            throw SchemaError(
                .limit, String(place.prefix(80)) + "…", "",
                "has a JSON Pointer of \(place.utf8.count) bytes; the limit is \(limits.placeBytesMax) (placeBytesMax)")
        }
        let id = nodes.count
        ids[place] = id
        var scope = outer
        scope.depth += 1
        if case .object(let object) = schema {
            let keywords = try keywords(object, place, &scope)
            nodes.append(SchemaNode(place: place, resource: scope.resource))
            try read(keywords, id, scope)
            return id
        }
        nodes.append(SchemaNode(place: place, resource: scope.resource))
        switch schema {
        case .bool(let takes): nodes[id].isNever = !takes
        case .object: break
        case .null, .integer, .number, .exact, .string, .array:
            throw SchemaError(
                place, "", "must be a schema, which is an object, true or false; got \(Excerpt.text(of: schema))")
        }
        return id
    }

    /// Moves the scope to the draft and the resource that the schema names.
    private mutating func keywords(
        _ object: JSONObject, _ place: String, _ scope: inout Scope
    ) throws(SchemaError) -> Keywords {
        if let named = object["$schema"], place.isEmpty || object["$id"] != nil || object["id"] != nil {
            guard let uri = named.stringValue, let draft = Draft(uri: uri) else {
                throw SchemaError(
                    .unsupported, place, "$schema",
                    "must name draft 4, 6, 7, 2019-09 or 2020-12, got \(Excerpt.text(of: named))")
            }
            scope.draft = draft
        }
        let keywords = Keywords(object: object, place: place, draft: scope.draft)
        if !keywords.isReferenceAlone { try identify(keywords, &scope) }
        return keywords
    }

    private mutating func read(_ keywords: Keywords, _ id: NodeID, _ scope: Scope) throws(SchemaError) {
        try readReferences(keywords, id, scope)
        nodes[id].isReferenceAlone = keywords.isReferenceAlone || keywords.areReferenceAndAnnotations
        if keywords.isReferenceAlone { return }
        try readValues(keywords, id)
        try readNumberRules(keywords, id)
        try readStringRules(keywords, id)
        try readArrayRules(keywords, id, scope)
        try readObjectRules(keywords, id, scope)
        try readCombinations(keywords, id, scope)
        for keyword in ["$defs", "definitions"] {
            for member in try keywords.members(keyword) ?? [] {
                _ = try node(member.value, keywords.place(keyword, member.key), scope)
            }
        }
    }

    /// A keyword whose value is one schema.
    mutating func schema(_ keyword: String, _ keywords: Keywords, _ scope: Scope) throws(SchemaError) -> NodeID? {
        guard let value = keywords[keyword] else { return nil }
        return try node(value, keywords.place(keyword), scope)
    }

    /// A keyword whose value is a list of schemas.
    mutating func schemas(_ keyword: String, _ keywords: Keywords, _ scope: Scope) throws(SchemaError) -> [NodeID]? {
        guard let items = try keywords.list(keyword) else { return nil }
        guard !items.isEmpty else { throw keywords.failure(keyword, "must have at least one schema") }
        var ids: [NodeID] = []
        for (index, item) in items.enumerated() {
            ids.append(try node(item, keywords.place(keyword, String(index)), scope))
        }
        return ids
    }

    private mutating func readCombinations(
        _ keywords: Keywords, _ id: NodeID, _ scope: Scope
    ) throws(SchemaError) {
        nodes[id].allOf = try schemas("allOf", keywords, scope) ?? []
        nodes[id].anyOf = try schemas("anyOf", keywords, scope)
        nodes[id].oneOf = try schemas("oneOf", keywords, scope)
        nodes[id].not = try schema("not", keywords, scope)
        let then = try schema("then", keywords, scope)
        let otherwise = try schema("else", keywords, scope)
        if let test = try schema("if", keywords, scope) {
            nodes[id].condition = SchemaNode.Condition(test: test, then: then, otherwise: otherwise)
        }
    }
}
