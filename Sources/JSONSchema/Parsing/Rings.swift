/// Finds schemas that would have to judge a value before they judge it.
enum Rings {
    typealias NodeID = ValueSchema.NodeID

    /// Throws for a schema that leads back to itself without a step into the value.
    static func check(_ nodes: [SchemaNode]) throws(SchemaError) {
        enum Mark { case new, open, done }
        var marks = Array(repeating: Mark.new, count: nodes.count)
        for start in nodes.indices where marks[start] == .new {
            // Depth first, with a stack of our own: a document's chains may be as long as it has schemas.
            var way: [(id: NodeID, next: ArraySlice<NodeID>)] = [(start, nodes[start].besides[...])]
            marks[start] = .open
            while var top = way.popLast() {
                guard let next = top.next.popFirst() else {
                    marks[top.id] = .done
                    continue
                }
                way.append(top)
                switch marks[next] {
                case .done: continue
                case .new:
                    marks[next] = .open
                    way.append((next, nodes[next].besides[...]))
                case .open:
                    let ring = way.drop { $0.id != next }.map { "#" + nodes[$0.id].place } + ["#" + nodes[next].place]
                    let shown = ring.count > 6 ? ring.prefix(3) + ["…"] + ring.suffix(2) : ring[...]
                    throw SchemaError(
                        nodes[next].place, nodes[next].reference == nil ? "" : "$ref",
                        "leads back to itself before it looks into the value: \(shown.joined(separator: " → "))")
                }
            }
        }
    }
}

extension SchemaNode {
    /// The nodes that judge the same value as this one.
    var besides: [NodeID] {
        var ids = allOf + (anyOf ?? []) + (oneOf ?? []) + objects.dependentSchemas.map(\.schema)
        for id in [reference, not, condition?.test, condition?.then, condition?.otherwise] {
            if let id { ids.append(id) }
        }
        return ids
    }
}
