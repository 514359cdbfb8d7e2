import LlamaStackAPI

extension Jinja {
    /// A value while a template runs: Python's, as far as chat templates meet them.
    enum Value: Sendable {
        /// A name or key that is not there; the text says which, for the error when it is used.
        case undefined(String)
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        /// A caller's integer beyond 64 bits: shown and compared digit by digit; there is no arithmetic with it.
        case wide(JSONDecimal)
        case text(Text)
        case list(List)
        /// The items of a Python generator, which can be read once.
        case iterator(Iterator)
        case map(Map)
        /// An index into the machine's namespaces, so that a namespace that holds itself is no cycle of references.
        case namespace(Int)
        /// An index into the machine's macros.
        case macro(Int)
        case function(Function)
        case method(Method)
        case loop(LoopState)
        /// A `cycler` or a `joiner`.
        case counter(Counter)

        static func trusted(_ string: String) -> Value { .text(.trusted(string)) }
    }

    /// Functions that every template may call.
    enum Function: String, Sendable {
        case range, namespace, dict, cycler, joiner, raise_exception, strftime_now
    }

    /// `value.name` before it is called.
    final class Method: Sendable {
        let receiver: Value
        let name: String
        init(receiver: Value, name: String) { (self.receiver, self.name) = (receiver, name) }
    }

    /// Items in a row.  `depth` counts the values inside values, so that none nests beyond the limit.
    struct List: Sendable {
        /// Python's type, which decides how it is written, compared and sliced.
        enum Form: Sendable, Equatable {
            case list, tuple
            /// A tuple of `groupby`, whose items are also `grouper` and `list`.
            case group
            case range(from: Int, to: Int, by: Int)
            /// `keys`, `values` or `items` of a dict.
            case view(String)
        }

        let items: [Value]
        let form: Form
        let depth: Int

        init(_ items: [Value], form: Form = .list) {
            (self.items, self.form) = (items, form)
            depth = 1 + items.reduce(0) { max($0, $1.depth) }
        }

        var isTuple: Bool { form == .tuple || form == .group }
        var isView: Bool { if case .view = form { true } else { false } }
    }

    /// Items of which each is given once; the machine moves `place`.
    final class Iterator: @unchecked Sendable {
        // One machine, on one thread, owns it: it never leaves a render.
        private let list: List
        /// Thrown in place of the item after the last: a generator fails where it is read.
        private let failure: TemplateError?
        private var place = 0

        init(_ list: List, failure: TemplateError?) { (self.list, self.failure) = (list, failure) }

        var depth: Int { list.depth }

        func next() throws(TemplateError) -> Value? {
            guard place < list.items.count else {
                if let failure { throw failure }
                return nil
            }
            place += 1
            return list.items[place - 1]
        }

        func rest() throws(TemplateError) -> [Value] {
            defer { place = list.items.count }
            if let failure { throw failure }
            return Array(list.items[place...])
        }
    }

    /// `cycler(a, b)` gives its items in turn, `joiner(text)` nothing at first and then the text.
    final class Counter: @unchecked Sendable {
        // One machine, on one thread, owns it: it never leaves a render.
        let items: List
        let isJoiner: Bool
        var place = 0

        init(_ items: List, isJoiner: Bool) { (self.items, self.isJoiner) = (items, isJoiner) }
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
        /// Loops of this one's `recursive` around it.
        let level: Int
        /// The loop itself, where the template may call it.
        let recursion: (loop: For, scope: Scope)?
        var index = 0
        var lastChanged: [Value]?

        init(items: [Value], depth: Int, level: Int, recursion: (loop: For, scope: Scope)?) {
            (self.items, self.depth, self.level, self.recursion) = (items, depth, level, recursion)
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
        case .iterator(let iterator): iterator.depth + 1
        case .counter(let counter): counter.items.depth + 1
        default: 0
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .wide: true
        case .text(let text): !text.isEmpty
        case .list(let list): !list.items.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .iterator, .namespace, .macro, .function, .method, .loop, .counter: true
        }
    }

    var isWide: Bool { if case .wide = self { true } else { false } }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// Python's name of the type.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .none: "none"
        case .bool: "bool"
        case .int, .wide: "int"
        case .double: "float"
        case .text: "str"
        case .list(let list):
            switch list.form {
            case .list: "list"
            case .tuple, .group: "tuple"
            case .range: "range"
            case .view(let part): "dict_" + part
            }
        case .iterator: "generator"
        case .counter(let counter): counter.isJoiner ? "joiner" : "cycler"
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
        if case .wide(let value) = self { return value.doubleValue }
        return asInt.map(Double.init)
    }

    /// Whether Python would take it as a dict's key or a set's member.
    var isHashable: Bool {
        switch self {
        case .list(let list):
            // Small ones of plain values, so that comparing two costs no more than a few steps.
            list.isTuple && list.items.count <= 32 && list.items.allSatisfy { $0.depth == 0 }
        case .map: false
        default: true
        }
    }

    func isSameKey(_ other: Jinja.Value) -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): a == b
        case (.none, .none): true
        case (.list(let a), .list(let b)):
            a.isTuple && b.isTuple && a.items.count == b.items.count
                && zip(a.items, b.items).allSatisfy { $0.isSameKey($1) }
        case (.wide(let a), .wide(let b)): a == b
        case (.wide, .int), (.int, .wide): false
        default: if let a = asDouble, let b = other.asDouble { a == b } else { false }
        }
    }
}

extension Jinja.Value {
    /// A caller's value, its text marked untrusted except for `.control`.
    ///
    /// Throws when it nests deeper than `levels`.
    /// - Parameter message: the message that its texts are of.
    init(_ value: TemplateValue, levels: Int, message: Int? = nil) throws(TemplateError) {
        guard levels > 0 else { throw TemplateError(.limit, line: 0, "a value given to the template nests too deep") }
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        // As Python reads JSON: an integer whatever its length, else a double.
        case .exact(let value):
            let isWhole = !value.text.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
            self = isWhole ? .wide(value) : .double(value.doubleValue)
        case .string(let text): self = .text(Jinja.Text(text, .content(message: message)))
        case .control(let text): self = .text(Jinja.Text(text, .template))
        case .said(let said, let message): try self.init(said, levels: levels - 1, message: message)
        case .list(let given):
            var items: [Jinja.Value] = []
            items.reserveCapacity(given.count)
            for item in given { items.append(try Jinja.Value(item, levels: levels - 1, message: message)) }
            self = .list(Jinja.List(items))
        case .map(let given):
            var entries: [Jinja.Map.Entry] = []
            entries.reserveCapacity(given.count)
            for entry in given.entries {
                let key = Jinja.Value.text(Jinja.Text(entry.key, .content(message: message)))
                entries.append((key, try Jinja.Value(entry.value, levels: levels - 1, message: message)))
            }
            self = .map(Jinja.Map(unique: entries))
        }
    }
}
