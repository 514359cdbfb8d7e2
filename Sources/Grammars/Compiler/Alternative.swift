import JSONSchema
import LlamaStackAPI
import RegularExpressions

/// Nodes that a value must be as, all at once, each with what it says itself: what they refer to is among them, and of
/// `anyOf` and `oneOf` one branch is.
struct Alternative {
    typealias NodeID = ValueSchema.NodeID

    /// In the order in which the schema names them.
    var nodes: [NodeID] = []
    /// Nodes that a value must not be as.
    var excluded: [NodeID] = []
    var types = ValueTypes.all
    /// The only values there are; nil where any is.
    var values: [JSON]?
    /// The node whose unevaluated properties are all that the others leave over.
    var outermost: NodeID?
    /// Whether some of the nodes hold only because another does not: they judge no property and no item.
    var holdsByComplement = false

    // What follows from the nodes that it must not be as.
    var otherThan: [JSON] = []
    var otherThanPatterns: [Pattern] = []
    var numberLimits: [NumberLimit] = []
    var lengths: [ClosedRange<Int>] = []
    var itemCounts: [ClosedRange<Int>] = []
    var memberCounts: [ClosedRange<Int>] = []
    var required: [String] = []
    var absent: [String] = []
    var properties: [(name: String, node: NodeID)] = []
}

/// A bound of numbers.
struct NumberLimit {
    let value: JSON
    let isExclusive: Bool
    /// Whether it is the least; else it is the greatest.
    let isLeast: Bool
}

/// One way to keep to a choice: more nodes, and more that must hold.
struct Branch {
    var nodes: [ValueSchema.NodeID] = []
    var change: (inout Alternative) -> Void = { _ in }
}

extension SchemaCompiler {
    /// Alternatives of one set of nodes.
    static let alternativesMax = 512

    /// The ways in which a value can be as all of the nodes say. The complement `~id` of a node's number stands for the
    /// values that are not as it says.
    func alternatives(
        of nodes: [NodeID], _ budget: inout GrammarBudget
    ) throws(GrammarError) -> [Alternative] {
        struct Partial {
            var alternative = Alternative()
            var open: [NodeID]
            var choices: [[Branch]] = []
        }
        var found: [Alternative] = []
        var first = Partial(open: nodes)
        if nodes.count == 1 { first.alternative.outermost = nodes[0] }
        var partials = [first]
        while var partial = partials.popLast() {
            try budget.spend(bytes: 32 + 16 * partial.alternative.nodes.count)
            while !partial.open.isEmpty {
                let id = partial.open.removeFirst()
                if id < 0 {
                    guard !partial.alternative.excluded.contains(~id) else { continue }
                    try refuseDynamicReference(schema[~id])
                    partial.alternative.excluded.append(~id)
                    partial.choices.append(complement(of: schema[~id]))
                    continue
                }
                guard !partial.alternative.nodes.contains(id) else { continue }
                let node = schema[id]
                add(node, id, to: &partial.alternative)
                partial.open +=
                    [node.reference].compactMap { $0 } + node.allOf + [node.not].compactMap { $0.map { ~$0 } }
                partial.choices += try choices(of: node, within: partial.alternative.types, &budget)
            }
            if partial.alternative.types.isEmpty || partial.alternative.values?.isEmpty == true { continue }
            if let choice = partial.choices.popLast() {
                for branch in choice.reversed() {
                    var next = partial
                    branch.change(&next.alternative)
                    next.open = branch.nodes
                    partials.append(next)
                }
            } else {
                found.append(partial.alternative)
            }
            guard found.count + partials.count <= Self.alternativesMax else {
                throw GrammarError(
                    place: nodes.first.map { schema[$0 < 0 ? ~$0 : $0].place } ?? "", keyword: "anyOf",
                    reason: "has more than \(Self.alternativesMax) combinations of branches; simplify the schema")
            }
        }
        return found
    }

    private func add(_ node: SchemaNode, _ id: NodeID, to alternative: inout Alternative) {
        alternative.nodes.append(id)
        alternative.types.formIntersection(node.isNever ? [] : node.types)
        if let values = node.values?.values, alternative.values == nil { alternative.values = values }
    }

    private func refuseDynamicReference(_ node: SchemaNode) throws(GrammarError) {
        if node.dynamicReference != nil { throw unsupported(node, "$dynamicRef") }
    }

    /// The branches that a node gives: one of each list must be taken.
    private func choices(
        of node: SchemaNode, within types: ValueTypes, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> [[Branch]] {
        try refuseDynamicReference(node)
        var choices: [[Branch]] = []
        if let anyOf = node.anyOf { choices.append(anyOf.map { Branch(nodes: [$0]) }) }
        if let oneOf = node.oneOf { choices.append(try branches(oneOf, within: types, &budget)) }
        if let condition = node.condition {
            choices.append([
                Branch(nodes: [condition.test] + [condition.then].compactMap { $0 }),
                Branch(nodes: [~condition.test] + [condition.otherwise].compactMap { $0 }),
            ])
        }
        for (name, required) in node.objects.dependentRequired {
            choices.append([
                Branch { $0.absent.append(name) }, Branch { $0.required += [name] + required },
            ])
        }
        for (name, schema) in node.objects.dependentSchemas {
            choices.append([
                Branch { $0.absent.append(name) }, Branch(nodes: [schema]) { $0.required.append(name) },
            ])
        }
        return choices
    }

    /// Each branch of `oneOf`, without the values of others that it is not surely apart from.
    private func branches(
        _ oneOf: [NodeID], within types: ValueTypes, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> [Branch] {
        var expanded: [[Alternative]] = []
        for branch in oneOf { expanded.append(try alternatives(of: [branch], &budget)) }
        var branches = oneOf.map { Branch(nodes: [$0]) }
        for second in oneOf.indices {
            for first in 0..<second {
                var areApart = true
                for a in expanded[first] {
                    for b in expanded[second] where areApart {
                        areApart = try areDisjoint(a, b, within: types, depth: 0, &budget)
                    }
                }
                if areApart { continue }
                branches[first].nodes.append(~oneOf[second])
                branches[second].nodes.append(~oneOf[first])
            }
        }
        return branches
    }

    func unsupported(_ node: SchemaNode, _ keyword: String, _ detail: String = "") -> GrammarError {
        GrammarError(
            place: node.place, keyword: keyword,
            reason: "can't be generated by a grammar\(detail.isEmpty ? "" : ": \(detail)"); leave it out of the schema")
    }

    /// Whether surely no value is as both say.
    private func areDisjoint(
        _ a: Alternative, _ b: Alternative, within types: ValueTypes, depth: Int, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> Bool {
        try budget.spend(bytes: 64)
        if let values = a.values {
            return !values.contains { value in (a.nodes + b.nodes).allSatisfy { schema.takes(value, as: $0) } }
        }
        if let values = b.values {
            return !values.contains { value in (a.nodes + b.nodes).allSatisfy { schema.takes(value, as: $0) } }
        }
        let shared = types.intersection(a.types).intersection(b.types)
        if shared.isEmpty { return true }
        guard shared == .object, depth < 4 else { return false }
        for name in requiredNames(a) + requiredNames(b) {
            let (left, right) = (nodes(of: name, in: a), nodes(of: name, in: b))
            guard !left.isEmpty, !right.isEmpty else { continue }
            var isApart = true
            for x in try alternatives(of: left, &budget) {
                for y in try alternatives(of: right, &budget) where isApart {
                    isApart = try areDisjoint(x, y, within: .all, depth: depth + 1, &budget)
                }
            }
            if isApart { return true }
        }
        return false
    }

    private func requiredNames(_ alternative: Alternative) -> [String] {
        alternative.nodes.flatMap { schema[$0].objects.required } + alternative.required
    }
}
