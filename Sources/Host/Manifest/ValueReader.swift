import LlamaStackAPI

/// How one kind of value is read from YAML; complains at the value's place and answers nil when it does not fit.
struct ValueReader<Value: Sendable>: Sendable {
    /// For the documentation: "string", "list of strings".
    let type: String
    let read: @Sendable (_ node: YAMLNode, _ name: String, _ diagnostics: Diagnostics) -> Value?

    init(
        _ type: String, _ read: @escaping @Sendable (YAMLNode, String, Diagnostics) -> Value?
    ) {
        (self.type, self.read) = (type, read)
    }

    /// For a key whose absence is nil.
    var optional: ValueReader<Value?> {
        ValueReader<Value?>(type) { node, name, diagnostics in read(node, name, diagnostics).map { .some($0) } }
    }

    /// The value with its place.
    var placed: ValueReader<Placed<Value>> {
        ValueReader<Placed<Value>>(type) { node, name, diagnostics in
            read(node, name, diagnostics).map { Placed(value: $0, position: node.position) }
        }
    }
}

/// A value and where it stands in the file.
struct Placed<Value: Sendable>: Sendable {
    var value: Value
    var position: Position
}

extension ValueReader where Value == String {
    /// - Parameter problem: what is wrong with a string, after "'name' ": "must not be empty"; nil: nothing.
    static func string(
        _ type: String = "string", _ problem: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> Self {
        Self(type) { node, name, diagnostics in
            guard case .scalar(let scalar) = node.content, let text = scalar.string else {
                diagnostics.add(
                    node.position, "wrong_type", "'\(name)' must be a string, got \(node.found)",
                    hint: ValueHint.string(node))
                return nil
            }
            if let problem = problem(text) {
                diagnostics.add(node.position, "bad_value", "'\(name)' \(problem), got \(scalar.quoted)")
                return nil
            }
            return text
        }
    }

    /// One of a few words.
    static func word(_ words: [String]) -> Self {
        Self(words.joined(separator: " or ")) { node, name, diagnostics in
            if case .scalar(let scalar) = node.content, words.contains(scalar.text) { return scalar.text }
            var message = "'\(name)' must be \(words.joined(separator: " or ")), got \(node.found)"
            if case .scalar(let scalar) = node.content, let close = Spelling.closest(to: scalar.text, in: words) {
                message += " (did you mean '\(close)'?)"
            }
            diagnostics.add(node.position, "bad_value", message)
            return nil
        }
    }

    /// A path; empty is not one.
    static var path: Self {
        string("path") { path in
            if path.isEmpty { return "must not be empty" }
            if path.contains("\0") { return "must not hold a NUL" }
            let isHome = path.hasPrefix("~") && (path.hasPrefix("~/") || !path.contains("/"))
            return isHome ? "must be written out (~ is not expanded here; ${env.HOME} is)" : nil
        }
    }
}

extension ValueReader where Value == Bool {
    static var boolean: Self {
        Self("boolean") { node, name, diagnostics in
            if case .scalar(let scalar) = node.content, case .bool(let value) = scalar.value { return value }
            diagnostics.add(
                node.position, "wrong_type", "'\(name)' must be true or false, got \(node.found)",
                hint: ValueHint.boolean(node))
            return nil
        }
    }
}

extension ValueReader where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self("integer, \(range.lowerBound) to \(range.upperBound)") { node, name, diagnostics in
            if case .scalar(let scalar) = node.content, case .integer(let value) = scalar.value,
                let value = Int(exactly: value), range.contains(value)
            {
                return value
            }
            diagnostics.add(
                node.position, "bad_value",
                "'\(name)' must be an integer from \(range.lowerBound) to \(range.upperBound), got \(node.found)",
                hint: ValueHint.number(node))
            return nil
        }
    }
}

extension ValueReader where Value == Double {
    static func seconds(_ range: ClosedRange<Double>) -> Self {
        let words = words(range)
        return decimal(range, "seconds, \(words)", wanted: "\(words) seconds")
    }

    static func number(_ range: ClosedRange<Double>) -> Self {
        let words = words(range)
        return decimal(range, "number, \(words)", wanted: "a number from \(words)")
    }

    /// "0.1 to 3600"
    private static func words(_ range: ClosedRange<Double>) -> String {
        [range.lowerBound, range.upperBound].map { Int(exactly: $0).map(String.init) ?? "\($0)" }.joined(
            separator: " to ")
    }

    private static func decimal(_ range: ClosedRange<Double>, _ type: String, wanted: String) -> Self {
        Self(type) { node, name, diagnostics in
            if case .scalar(let scalar) = node.content {
                if let value = scalar.value.numberValue, range.contains(value) { return value }
            }
            diagnostics.add(
                node.position, "bad_value", "'\(name)' must be \(wanted), got \(node.found)",
                hint: ValueHint.number(node))
            return nil
        }
    }
}

extension ValueReader where Value == YAMLNode {
    /// Anything; looked at later, by someone who knows more.
    static var mapping: Self {
        Self("mapping") { node, name, diagnostics in
            if case .mapping = node.content { return node }
            diagnostics.add(
                node.position, "wrong_type", "'\(name)' must be a mapping, got \(node.found)",
                hint: ValueHint.mapping(node))
            return nil
        }
    }
}

extension ValueReader {
    /// A list; items that do not fit are reported and left out.
    static func list<Item: Sendable>(
        of item: ValueReader<Item>, _ type: String, itemsMax: Int = 1000
    ) -> ValueReader<[Item]> where Value == [Item] {
        ValueReader<[Item]>(type) { node, name, diagnostics in
            guard case .sequence(let nodes) = node.content else {
                diagnostics.add(
                    node.position, "wrong_type", "'\(name)' must be a list, got \(node.found)",
                    hint: ValueHint.list(node))
                return []
            }
            guard nodes.count <= itemsMax else {
                diagnostics.add(
                    node.position, "too_many", "'\(name)' has \(nodes.count) items; at most \(itemsMax) are allowed")
                return []
            }
            return nodes.enumerated().compactMap { index, node in
                node.isUnresolved ? nil : item.read(node, "\(name)[\(index)]", diagnostics)
            }
        }
    }
}
