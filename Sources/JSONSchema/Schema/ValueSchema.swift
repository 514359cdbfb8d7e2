/// A JSON Schema that has been read: a table of nodes, each of which says what one value must be.
///
/// A node names others by their ids, so that a schema that two places refer to is there once, and one that refers to
/// itself is no special case. Two readers use it: ``validate(_:)``, and the grammar of constrained generation.
///
/// Read as draft 2020-12, with what drafts 4 to 7 write differently: `definitions`, `dependencies`, boolean
/// `exclusiveMinimum`, `items` with a list, `id`. `$schema` names a draft. `format` and the content keywords are
/// annotations, which no value breaks. All that a document may refer to is in it: nothing is fetched.
package struct ValueSchema: Sendable {
    /// The number of a node, from 0.
    package typealias NodeID = Int

    /// In the order in which they were reached; never empty.
    package let nodes: [SchemaNode]
    /// The node of the whole document.
    package var root: NodeID { 0 }
    /// The bounds of the work of a validation, and those that it was read within.
    package let limits: SchemaLimits

    /// The nodes that `$dynamicAnchor` names, by resource and name; empty where no dynamic reference is left.
    let dynamicAnchors: [[String: NodeID]]

    init(nodes: [SchemaNode], limits: SchemaLimits, dynamicAnchors: [[String: NodeID]]) {
        (self.nodes, self.limits, self.dynamicAnchors) = (nodes, limits, dynamicAnchors)
    }

    package subscript(id: NodeID) -> SchemaNode { nodes[id] }

    /// `#/properties/city`, for the message of a reader that can do nothing with a node.
    package func place(of id: NodeID) -> String { "#" + nodes[id].place }
}
