import JSONSchema
import LlamaStackAPI

extension SchemaCompiler {
    /// Nil where no array is right.
    mutating func array(
        _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32? {
        let nodes = alternative.nodes.map { schema[$0] }
        var list = ListRule(separator: try rules.literal(style.itemSeparator))
        for range in alternative.itemCounts {
            list.min = max(list.min, range.lowerBound)
            list.max = min(list.max, range.upperBound)
        }
        for node in nodes {
            list.min = max(list.min, node.arrays.countMin)
            list.max = min(list.max, node.arrays.countMax ?? .max)
        }
        guard list.min <= list.max else { return nil }
        if let node = nodes.first(where: \.arrays.isUnique), list.max > 1 {
            return try bracketed(unique(list, node, alternative, &rules), &rules)
        }
        let contains = try contains(nodes)
        if let contains, contains.countMin == 1, contains.countMax == nil, list.min <= 1, list.max == .max,
            nodes.allSatisfy(\.arrays.prefixItems.isEmpty)
        {
            let items = try items(0, alternative)
            return try bracketed(somewhere(contains.schema, among: items, &rules), &rules)
        }
        if let contains, let most = contains.countMax, most < contains.countMin { return nil }
        list.min = max(list.min, contains?.countMin ?? 0)
        let places = max(nodes.map(\.arrays.prefixItems.count).max() ?? 0, contains?.countMin ?? 0)
        for place in 0..<min(places, list.max) {
            let items = try items(place, alternative)
            list.first.append(try rule(items + judged(contains, place), &rules))
        }
        if list.max > places { list.rest = try rule(items(places, alternative) + judged(contains, places), &rules) }
        guard list.min <= list.max else { return nil }
        return try bracketed(rules.add(.list(list)), &rules)
    }

    private func bracketed(_ items: Int32, _ rules: inout GrammarCompiler) throws(GrammarError) -> Int32 {
        try rules.add(.sequence([rules.literal("["), items, rules.literal("]")]))
    }

    /// The nodes that the item at a place must be as.
    private func items(_ place: Int, _ alternative: Alternative) throws(GrammarError) -> [NodeID] {
        var found: [NodeID] = []
        for arrays in alternative.nodes.map({ schema[$0].arrays }) {
            if place < arrays.prefixItems.count {
                found.append(arrays.prefixItems[place])
            } else if let items = arrays.items {
                found.append(items)
            }
        }
        for id in alternative.nodes {
            guard let unevaluated = schema[id].arrays.unevaluatedItems else { continue }
            guard id == alternative.outermost, !alternative.holdsByComplement,
                alternative.nodes.allSatisfy({ schema[$0].arrays.contains == nil })
            else {
                throw unsupported(schema[id], "unevaluatedItems", "beside other schemas for the same value")
            }
            if found.isEmpty { return [unevaluated] }
        }
        return found
    }

    // MARK: - contains

    /// Places that `contains` may ask for one by one.
    private static let containedMax = 64

    private func contains(_ nodes: [SchemaNode]) throws(GrammarError) -> ArrayRules.Contains? {
        let asking = nodes.filter { $0.arrays.contains != nil }
        guard let node = asking.first, let contains = node.arrays.contains else { return nil }
        guard asking.count == 1 else { throw unsupported(node, "contains", "two of them hold for one array") }
        guard contains.countMin <= Self.containedMax else {
            throw unsupported(node, "minContains", "it is more than \(Self.containedMax)")
        }
        return contains
    }

    /// With other bounds than one match or more, the first items are the matches: the other orders are left out.
    private func judged(_ contains: ArrayRules.Contains?, _ place: Int) -> [NodeID] {
        guard let contains else { return [] }
        if place < contains.countMin { return [contains.schema] }
        return contains.countMax == nil ? [] : [~contains.schema]
    }

    /// Items of which one, anywhere, is as a node says.
    private mutating func somewhere(
        _ node: NodeID, among items: [NodeID], _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32 {
        let separator = try rules.literal(style.itemSeparator)
        let any = try rule(items, &rules)
        let before = try rules.add(.list(ListRule(rest: rules.add(.sequence([any, separator])))))
        let after = try rules.add(.list(ListRule(rest: rules.add(.sequence([separator, any])))))
        return try rules.add(.sequence([before, rule(items + [node], &rules), after]))
    }

    // MARK: - uniqueItems

    /// Items of a list of values, each at most once, in the list's order.
    private func unique(
        _ list: ListRule, _ node: SchemaNode, _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Int32 {
        let items = try items(0, alternative)
        let expanded = try alternatives(of: items, &rules.budget)
        let isPlain = alternative.nodes.allSatisfy { schema[$0].arrays.prefixItems.isEmpty }
        guard isPlain, try contains(alternative.nodes.map { schema[$0] }) == nil, !items.isEmpty,
            expanded.allSatisfy({ $0.values != nil })
        else { throw unsupported(node, "uniqueItems", "of other items than those of an enum") }
        var members = MembersRule(min: list.min, max: list.max)
        var known: Set<[UInt8]> = []
        let nothing = try rules.add(.sequence([]))
        for one in expanded {
            for value in values(one.values ?? [], one) {
                let spelling = style.spelling(of: value)
                guard known.insert(spelling).inserted else { continue }
                members.properties.append(
                    MembersRule.Property(
                        keyAtFirst: try rules.literal(spelling),
                        keyLater: try rules.literal(Array(style.itemSeparator.utf8) + spelling), value: nothing,
                        isRequired: false))
            }
        }
        guard members.properties.count >= members.min else { return try rules.add(.nothing) }
        members.complete()
        return try rules.add(.members(members))
    }
}
