import JSONSchema
import LlamaStackAPI
import RegularExpressions

extension SchemaCompiler {
    // MARK: - Objects

    /// Nil where no object is right.
    mutating func object(
        _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32? {
        try checkObject(alternative)
        let nodes = alternative.nodes.map { schema[$0] }
        let required = Set(nodes.flatMap(\.objects.required) + alternative.required)
        let declared = propertyNames(alternative)
        let listed = try listedNames(alternative, &rules.budget)
        let names =
            declared + (asksForOthers(alternative, declared) ? (listed ?? []).filter { !declared.contains($0) } : [])
        var members = MembersRule()
        for node in nodes {
            members.min = max(members.min, node.objects.countMin)
            members.max = min(members.max, node.objects.countMax ?? .max)
        }
        for range in alternative.memberCounts {
            members.min = max(members.min, range.lowerBound)
            members.max = min(members.max, range.upperBound)
        }
        for name in names {
            guard allowsName(name, nodes), !alternative.absent.contains(name) else {
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
        if listed == nil { members.open = try openMembers(alternative, names, &rules) }
        guard members.min <= members.max, members.properties.count(where: \.isRequired) <= members.max else {
            return nil
        }
        members.complete()
        let inner = try rules.add(.members(members))
        return try rules.add(.sequence([rules.literal("{"), inner, rules.literal("}")]))
    }

    private func checkObject(_ alternative: Alternative) throws(GrammarError) {
        for id in alternative.nodes {
            let node = schema[id]
            if node.objects.unevaluatedProperties != nil,
                id != alternative.outermost || alternative.holdsByComplement
            {
                throw unsupported(node, "unevaluatedProperties", "beside other schemas for the same value")
            }
        }
    }

    /// Names that the nodes know, in the order of the schema: declared ones, then others that are required.
    private func propertyNames(_ alternative: Alternative) -> [String] {
        var known: Set<[UInt8]> = []
        let objects = alternative.nodes.map { schema[$0].objects }
        let all = objects.flatMap { $0.properties.map(\.name) } + objects.flatMap(\.required) + alternative.required
        return all.filter { known.insert(Array($0.utf8)).inserted }
    }

    /// The only names that there may be, where `propertyNames` lists them.
    private func listedNames(
        _ alternative: Alternative, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> [String]? {
        for id in alternative.nodes {
            guard let naming = schema[id].objects.propertyNames else { continue }
            let expanded = try alternatives(of: [naming], &budget)
            guard expanded.allSatisfy({ $0.values != nil }) else { continue }
            return expanded.flatMap { $0.values ?? [] }.compactMap(\.stringValue)
        }
        return nil
    }

    /// Whether names that no node lists are to be generated. Where some are listed, a keyword must ask for others: a
    /// model that may write any key does.
    private func asksForOthers(_ alternative: Alternative, _ names: [String]) -> Bool {
        let objects = alternative.nodes.map { schema[$0].objects }
        return names.isEmpty && objects.allSatisfy(\.patternProperties.isEmpty)
            || objects.contains { $0.additionalProperties != nil || $0.unevaluatedProperties != nil }
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
        // A name that only a condition knows is left over.
        if found.isEmpty { found += alternative.nodes.compactMap { schema[$0].objects.unevaluatedProperties } }
        return found + alternative.properties.filter { $0.name == name }.map(\.node)
    }

    private func allowsName(_ name: String, _ nodes: [SchemaNode]) -> Bool {
        nodes.allSatisfy { node in
            node.objects.propertyNames.map { schema.takes(.string(name), as: $0) } ?? true
        }
    }

    /// Members of names that the schema does not list.
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
        let others = asksForOthers(alternative, names)
        var found: [MembersRule.Open] = []
        // A key is of each pattern or not: for each set of them, the keys of just these.
        for set in 0..<(1 << patterns.count) where set != 0 || others {
            let matched = patterns.indices.filter { set >> $0 & 1 == 1 }
            var values: [NodeID] = matched.map { patterns[$0].schema }
            for (index, rules) in objects.enumerated() where !matched.contains(where: { patterns[$0].owner == index }) {
                values += [rules.additionalProperties].compactMap { $0 }
            }
            if matched.isEmpty, values.isEmpty { values += objects.compactMap(\.unevaluatedProperties) }
            guard !values.contains(where: { $0 >= 0 && schema[$0].isNever }) else { continue }
            let shapes = patterns.indices.map { PatternShape(patterns[$0].pattern, wanted: matched.contains($0)) }
            if let key = try openKey(alternative, names + alternative.absent, shapes, &rules) {
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
