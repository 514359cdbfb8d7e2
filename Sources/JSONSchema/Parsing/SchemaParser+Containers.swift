import LlamaStackAPI

/// The keywords of arrays and objects.
extension SchemaParser {
    mutating func readArrayRules(_ keywords: Keywords, _ id: NodeID, _ scope: Scope) throws(SchemaError) {
        var rules = ArrayRules()
        rules.countMin = try keywords.count("minItems") ?? 0
        rules.countMax = try keywords.count("maxItems")
        rules.isUnique = try keywords.flag("uniqueItems") ?? false
        if case .array(let first)? = keywords["items"] {
            // Drafts before 2020: the prefix is a list in `items`, the rest in `additionalItems`.
            guard keywords["prefixItems"] == nil else {
                throw keywords.failure("items", "must be one schema beside prefixItems, got a list")
            }
            rules.prefixItems = first.isEmpty ? [] : try schemas("items", keywords, scope) ?? []
            let keywords = Keywords(object: keywords.object, place: keywords.place, draft: .draft2019)
            rules.items = try schema("additionalItems", keywords, scope)
        } else {
            rules.prefixItems = try schemas("prefixItems", keywords, scope) ?? []
            rules.items = try schema("items", keywords, scope)
        }
        let (least, most) = (try keywords.count("minContains"), try keywords.count("maxContains"))
        if let contained = try schema("contains", keywords, scope) {
            rules.contains = ArrayRules.Contains(schema: contained, countMin: least ?? 1, countMax: most)
        }
        rules.unevaluatedItems = try schema("unevaluatedItems", keywords, scope)
        nodes[id].arrays = rules
    }

    mutating func readObjectRules(_ keywords: Keywords, _ id: NodeID, _ scope: Scope) throws(SchemaError) {
        var rules = ObjectRules()
        rules.countMin = try keywords.count("minProperties") ?? 0
        rules.countMax = try keywords.count("maxProperties")
        rules.required = try keywords.names("required") ?? []
        let required = Set(rules.required)
        for member in try keywords.members("properties") ?? [] {
            let schema = try node(member.value, keywords.place("properties", member.key), scope)
            rules.places[member.key] = rules.properties.count
            rules.properties.append(
                ObjectRules.Property(name: member.key, schema: schema, isRequired: required.contains(member.key)))
        }
        for member in try keywords.members("patternProperties") ?? [] {
            let schema = try node(member.value, keywords.place("patternProperties", member.key), scope)
            rules.patternProperties.append((try pattern(member.key, keywords, "patternProperties"), schema))
        }
        rules.additionalProperties = try schema("additionalProperties", keywords, scope)
        rules.propertyNames = try schema("propertyNames", keywords, scope)
        for member in try keywords.members("dependentRequired") ?? [] {
            rules.dependentRequired.append((member.key, try keywords.names(member.value, "dependentRequired")))
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            for member in try keywords.members(keyword) ?? [] {
                if case .array = member.value, keyword == "dependencies" {
                    rules.dependentRequired.append((member.key, try keywords.names(member.value, keyword)))
                } else {
                    let schema = try node(member.value, keywords.place(keyword, member.key), scope)
                    rules.dependentSchemas.append((member.key, schema))
                }
            }
        }
        rules.unevaluatedProperties = try schema("unevaluatedProperties", keywords, scope)
        nodes[id].objects = rules
    }
}
