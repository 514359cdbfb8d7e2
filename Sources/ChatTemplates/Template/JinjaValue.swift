extension Jinja {
    /// A value while a template runs: Python's, as far as chat templates meet them.
    enum Value: Sendable {
        /// A name or key that is not there; the text says which, for the error when it is used.
        case undefined(String)
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        case text(Text)
        case list(List)
        case map(Map)
        /// An index into the machine's namespaces, so that a namespace that holds itself is no cycle of references.
        case namespace(Int)
        /// An index into the machine's macros.
        case macro(Int)
        case function(Function)
        case method(Method)
        case loop(LoopState)

        static func trusted(_ string: String) -> Value { .text(.trusted(string)) }
    }

    /// Functions that every template may call.
    enum Function: String, Sendable {
        case range, namespace, dict, raise_exception, strftime_now
    }

    /// `value.name` before it is called.
    final class Method: Sendable {
        let receiver: Value
        let name: String
        init(receiver: Value, name: String) { (self.receiver, self.name) = (receiver, name) }
    }

    /// A list or a tuple.  `depth` counts the values inside values, so that none nests beyond the limit.
    struct List: Sendable {
        let items: [Value]
        let isTuple: Bool
        let depth: Int

        init(_ items: [Value], isTuple: Bool = false) {
            self.items = items
            self.isTuple = isTuple
            depth = 1 + items.reduce(0) { max($0, $1.depth) }
        }
    }

    /// A dict.  Keys are few, so that looking one up is a walk; the machine charges for it.
    struct Map: Sendable {
        typealias Entry = (key: Value, value: Value)
        let entries: [Entry]
        let depth: Int

        /// `entries` must have no key twice.
        init(unique entries: [Entry]) {
            self.entries = entries
            depth = 1 + entries.reduce(0) { max($0, max($1.key.depth, $1.value.depth)) }
        }

        func value(_ key: Value) -> Value? {
            for entry in entries where entry.key.isSameKey(key) { return entry.value }
            return nil
        }

        func value(_ name: String) -> Value? {
            let bytes = name.utf8
            for entry in entries {
                if case .text(let key) = entry.key, key.bytes.count == bytes.count, key.bytes.elementsEqual(bytes) {
                    return entry.value
                }
            }
            return nil
        }
    }

    /// The `loop` of one `for`.  The machine moves `index`; a template only reads it.
    final class LoopState: @unchecked Sendable {
        // One machine, on one thread, owns it: it never leaves a render.
        let items: [Value]
        let depth: Int
        let level: Int
        var index = 0
        var lastChanged: [Value]?

        init(items: [Value], depth: Int, level: Int) {
            (self.items, self.depth, self.level) = (items, depth, level)
        }
    }
}

extension Jinja.Value {
    /// Values inside this one, at most; what destroying it may cost of the stack.
    var depth: Int {
        switch self {
        case .list(let list): list.depth
        case .map(let map): map.depth
        case .method(let method): method.receiver.depth + 1
        case .loop(let loop): loop.depth + 1
        default: 0
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let list): !list.items.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .namespace, .macro, .function, .method, .loop: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// What Python would call the type.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "none"
        case .bool: "bool"
        case .int: "int"
        case .double: "float"
        case .text: "str"
        case .list(let list): list.isTuple ? "tuple" : "list"
        case .map: "dict"
        case .namespace: "namespace"
        case .macro: "macro"
        case .function, .method: "function"
        case .loop: "loop"
        }
    }

    /// Whole numbers, with Python's True and False as 1 and 0.
    var asInt: Int? {
        switch self {
        case .int(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    var asDouble: Double? {
        if case .double(let value) = self { return value }
        return asInt.map(Double.init)
    }

    func isSameKey(_ other: Jinja.Value) -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): a == b
        case (.none, .none): true
        default: if let a = asDouble, let b = other.asDouble { a == b } else { false }
        }
    }
}

extension Jinja.Value {
    /// A caller's value, its text marked untrusted except for `.control`.
    ///
    /// Throws when it nests deeper than `levels`.
    init(_ value: TemplateValue, levels: Int) throws(TemplateError) {
        guard levels > 0 else { throw TemplateError(.limit, line: 0, "a value given to the template nests too deep") }
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let text): self = .text(Jinja.Text(text, trusted: false))
        case .control(let text): self = .text(Jinja.Text(text, trusted: true))
        case .list(let given):
            var items: [Jinja.Value] = []
            items.reserveCapacity(given.count)
            for item in given { items.append(try Jinja.Value(item, levels: levels - 1)) }
            self = .list(Jinja.List(items))
        case .map(let given):
            var entries: [Jinja.Map.Entry] = []
            entries.reserveCapacity(given.count)
            for entry in given.entries {
                let key = Jinja.Value.text(Jinja.Text(entry.key, trusted: false))
                entries.append((key, try Jinja.Value(entry.value, levels: levels - 1)))
            }
            self = .map(Jinja.Map(unique: entries))
        }
    }
}
