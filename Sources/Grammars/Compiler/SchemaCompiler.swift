import JSONSchema
import LlamaStackAPI

/// Compiles the values of one schema to rules.
///
/// A value must often be as several nodes of the schema say at once: by `$ref`, by `allOf`, by the properties of two
/// schemas that have the same name. So a rule is made for a set of nodes, each set once: rings of references end there.
struct SchemaCompiler {
    typealias NodeID = ValueSchema.NodeID

    let schema: ValueSchema
    let style: JSONStyle
    /// Rules by the nodes that they keep to, sorted.
    private var numbers: [[NodeID]: Int32] = [:]
    /// Rules that have a number and are to be made.
    private var open: [(number: Int32, nodes: [NodeID])] = []

    init(_ schema: ValueSchema, _ style: JSONStyle) { (self.schema, self.style) = (schema, style) }

    mutating func compile(into rules: inout GrammarCompiler) throws(GrammarError) -> Int32 {
        let root = try rule([schema.root], &rules)
        while let next = open.popLast() {
            rules.budget.place = next.nodes.first.map { schema[$0 < 0 ? ~$0 : $0].place } ?? ""
            var options: [Int32] = []
            for alternative in try alternatives(of: next.nodes, &rules.budget) {
                options += try compile(alternative, &rules)
            }
            var chosen: Set<Int32> = []
            rules.set(next.number, .choice(options.filter { chosen.insert($0).inserted }))
        }
        return root
    }

    /// The rule of values that are as all of the nodes say; of any value for none.
    mutating func rule(_ nodes: [NodeID], _ rules: inout GrammarCompiler) throws(GrammarError) -> Int32 {
        let key = Set(nodes.map(referred)).sorted()
        if let known = numbers[key] { return known }
        let number = try rules.reserve()
        numbers[key] = number
        open.append((number, key))
        return number
    }

    /// The node that stands behind one that only refers to it: those that refer to one node share its rule. No ring has
    /// references alone; the parser refuses it.
    private func referred(_ node: NodeID) -> NodeID {
        var node = node
        while node >= 0, schema[node].isReferenceAlone, let target = schema[node].reference { node = target }
        return node
    }

    /// A rule for each type that a value can have.
    private mutating func compile(
        _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> [Int32] {
        if let values = alternative.values { return try compile(values, alternative, &rules) }
        let types = alternative.types
        let others = alternative.otherThan
        var options: [Int32] = []
        if types.contains(.null), !others.contains(.null) { options.append(try rules.literal("null")) }
        if types.contains(.boolean) {
            if !others.contains(.bool(true)) { options.append(try rules.literal("true")) }
            if !others.contains(.bool(false)) { options.append(try rules.literal("false")) }
        }
        // Of numbers, arrays and objects other than one, none is written.
        if types.contains(.integer), !others.contains(where: { Digits($0) != nil }) {
            if let number = try number(alternative, &rules) { options.append(number) }
        }
        if types.contains(.string) {
            if let string = try string(alternative, &rules) { options.append(string) }
        }
        if types.contains(.array), !others.contains(where: \.isArray) {
            if let array = try array(alternative, &rules) { options.append(array) }
        }
        if types.contains(.object), !others.contains(where: \.isObject) {
            if let object = try object(alternative, &rules) { options.append(object) }
        }
        return options
    }

    /// Those of some values that are as an alternative says.
    func values(_ values: [JSON], _ alternative: Alternative) -> [JSON] {
        values.filter { value in
            alternative.nodes.allSatisfy { schema.takes(value, as: $0) }
                && !alternative.excluded.contains { schema.takes(value, as: $0) }
        }
    }

    /// The values of `enum` and `const`.
    private func compile(
        _ values: [JSON], _ alternative: Alternative, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> [Int32] {
        let spellings = self.values(values, alternative).map { style.spelling(of: $0) }
        rules.budget.keyword = "enum"
        defer { rules.budget.keyword = "" }
        guard let automaton = try ByteAutomaton.literals(spellings, &rules.budget) else { return [] }
        return [try rules.add(Leaf(automaton: automaton))]
    }
}

extension JSON {
    fileprivate var isArray: Bool { if case .array = self { true } else { false } }
    fileprivate var isObject: Bool { if case .object = self { true } else { false } }
}

extension JSONStyle {
    /// A value as JSON: strings as Python's `json.dumps` writes them with `ensure_ascii=False`.
    func spelling(of value: JSON) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    private func append(_ value: JSON, to bytes: inout [UInt8]) {
        switch value {
        case .null, .bool, .integer, .number, .exact: bytes += value.text.utf8
        case .string(let text): append(text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes += itemSeparator.utf8 }
                append(item, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { bytes += itemSeparator.utf8 }
                append(member.key, to: &bytes)
                bytes += keySeparator.utf8
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 8: bytes += "\\b".utf8
            case 9: bytes += "\\t".utf8
            case 10: bytes += "\\n".utf8
            case 12: bytes += "\\f".utf8
            case 13: bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "1")\(String(byte % 16, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
