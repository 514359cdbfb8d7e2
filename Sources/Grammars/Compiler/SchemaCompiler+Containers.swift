import JSONSchema
import LlamaStackAPI
import RegularExpressions

extension SchemaCompiler {
    // MARK: - Arrays

    /// Nil where no array is right.
    mutating func array(
        _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32? {
        let nodes = alternative.nodes.map { schema[$0] }
        var list = ListRule()
        for node in nodes {
            let arrays = node.arrays
            list.min = max(list.min, arrays.countMin)
            list.max = min(list.max, arrays.countMax ?? .max)
            if arrays.contains != nil { throw unsupported(node, "contains") }
            if arrays.unevaluatedItems != nil { throw unsupported(node, "unevaluatedItems") }
        }
        if let node = nodes.first(where: \.arrays.isUnique), list.max > 1 { throw unsupported(node, "uniqueItems") }
        if !alternative.excluded.isEmpty { throw unsupported(schema[alternative.excluded[0]], "not") }
        guard list.min <= list.max else { return nil }
        let places = nodes.map(\.arrays.prefixItems.count).max() ?? 0
        for place in 0..<min(places, list.max) {
            let items = nodes.compactMap { node in
                place < node.arrays.prefixItems.count ? node.arrays.prefixItems[place] : node.arrays.items
            }
            list.first.append(try rule(items, &rules))
        }
        if list.max > places { list.rest = try rule(nodes.compactMap(\.arrays.items), &rules) }
        list.separator = try rules.literal(style.itemSeparator)
        let items = try rules.add(.list(list))
        return try rules.add(.sequence([rules.literal("["), items, rules.literal("]")]))
    }

    // MARK: - Objects

    /// Nil where no object is right.
    mutating func object(
        _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32? {
        try checkObject(alternative)
        let nodes = alternative.nodes.map { schema[$0] }
        let required = Set(nodes.flatMap(\.objects.required))
        let names = propertyNames(alternative)
        var members = MembersRule()
        for node in nodes {
            members.min = max(members.min, node.objects.countMin)
            members.max = min(members.max, node.objects.countMax ?? .max)
        }
        for name in names {
            guard allowsName(name, nodes) else {
                if required.contains(name) { return nil }
                continue
            }
            let key = style.spelling(of: .string(name)) + style.keySeparator.utf8
            members.properties.append(
                MembersRule.Property(
                    keyAtFirst: try rules.literal(key),
                    keyLater: try rules.literal(Array(style.itemSeparator.utf8) + key),
                    value: try rule(self.nodes(of: name, in: alternative), &rules),
                    isRequired: required.contains(name)))
        }
        members.open = try openMembers(alternative, names, &rules)
        guard members.min <= members.max, members.properties.count(where: \.isRequired) <= members.max else {
            return nil
        }
        members.complete()
        let inner = try rules.add(.members(members))
        return try rules.add(.sequence([rules.literal("{"), inner, rules.literal("}")]))
    }

    private func checkObject(_ alternative: Alternative) throws(GrammarError) {
        if !alternative.excluded.isEmpty { throw unsupported(schema[alternative.excluded[0]], "not") }
        for id in alternative.nodes {
            let node = schema[id]
            if !node.objects.dependentRequired.isEmpty { throw unsupported(node, "dependentRequired") }
            if !node.objects.dependentSchemas.isEmpty { throw unsupported(node, "dependentSchemas") }
            if node.objects.unevaluatedProperties != nil, id != alternative.outermost {
                throw unsupported(node, "unevaluatedProperties", "beside other schemas for the same value")
            }
        }
    }

    /// Names that the nodes know, in the order of the schema: declared ones, then others that are required.
    private func propertyNames(_ alternative: Alternative) -> [String] {
        var known: Set<[UInt8]> = []
        let objects = alternative.nodes.map { schema[$0].objects }
        let all = objects.flatMap { $0.properties.map(\.name) } + objects.flatMap(\.required)
        return all.filter { known.insert(Array($0.utf8)).inserted }
    }

    /// The nodes that a property of this name must be as.
    func nodes(of name: String, in alternative: Alternative) -> [NodeID] {
        var found: [NodeID] = []
        for id in alternative.nodes {
            let objects = schema[id].objects
            var own = [objects.property(name)?.schema].compactMap { $0 }
            for (pattern, node) in objects.patternProperties {
                var matcher = Matcher(pattern)
                if matcher.isFound(in: name) { own.append(node) }
            }
            if own.isEmpty, let additional = objects.additionalProperties { own.append(additional) }
            found += own
        }
        return found
    }

    private func allowsName(_ name: String, _ nodes: [SchemaNode]) -> Bool {
        nodes.allSatisfy { node in
            node.objects.propertyNames.map { schema.takes(.string(name), as: $0) } ?? true
        }
    }

    /// Members of names that the schema does not list. Where it lists some, it must ask for others by a keyword of
    /// theirs: a model that may write any key does.
    private mutating func openMembers(
        _ alternative: Alternative, _ names: [String], _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> [MembersRule.Open] {
        let objects = alternative.nodes.map { schema[$0].objects }
        let patterns = objects.enumerated().flatMap { index, rules in
            rules.patternProperties.map { (owner: index, pattern: $0.pattern, schema: $0.schema) }
        }
        guard patterns.count <= 3 else {
            throw unsupported(schema[alternative.nodes[0]], "patternProperties", "more than three hold for one object")
        }
        let others =
            names.isEmpty && patterns.isEmpty
            || objects.contains { $0.additionalProperties != nil || $0.unevaluatedProperties != nil }
        var found: [MembersRule.Open] = []
        // A key is of each pattern or not: for each set of them, the keys of just these.
        for set in 0..<(1 << patterns.count) where set != 0 || others {
            let matched = patterns.indices.filter { set >> $0 & 1 == 1 }
            var values: [NodeID] = matched.map { patterns[$0].schema }
            for (index, rules) in objects.enumerated() where !matched.contains(where: { patterns[$0].owner == index }) {
                values += [rules.additionalProperties].compactMap { $0 }
            }
            if matched.isEmpty, values.isEmpty { values += objects.compactMap(\.unevaluatedProperties) }
            guard !values.contains(where: { schema[$0].isNever }) else { continue }
            let shapes = patterns.indices.map { PatternShape(patterns[$0].pattern, wanted: matched.contains($0)) }
            if let key = try openKey(alternative, names, shapes, &rules) {
                found.append(
                    MembersRule.Open(
                        key: key, separator: try rules.literal(style.itemSeparator),
                        colon: try rules.literal(style.keySeparator), value: try rule(values, &rules)))
            }
        }
        return found
    }

    /// The leaf of a key that is none of `names`.
    private func openKey(
        _ alternative: Alternative, _ names: [String], _ patterns: [PatternShape], _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32? {
        var shapes: [any StringShape] = patterns
        if !names.isEmpty { shapes.append(OtherThan(names.map { Array($0.utf8) })) }
        var (least, most) = (0, Int.max)
        for id in alternative.nodes {
            guard let naming = schema[id].objects.propertyNames else { continue }
            let expanded = try alternatives(of: [naming], &rules.budget)
            guard expanded.count == 1, expanded[0].values == nil, expanded[0].excluded.isEmpty else {
                if expanded.isEmpty { return nil }
                throw unsupported(schema[id], "propertyNames", "other than by a pattern or a length")
            }
            for node in expanded[0].nodes.map({ schema[$0].strings }) {
                (least, most) = (max(least, node.lengthMin), min(most, node.lengthMax ?? .max))
                if let pattern = node.pattern { shapes.append(PatternShape(pattern, wanted: true)) }
            }
            guard expanded[0].types.contains(.string), least <= most else { return nil }
        }
        guard let leaf = try string(shapes, least, most, &rules) else { return nil }
        return rules.number(of: leaf)
    }
}
