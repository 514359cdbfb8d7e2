extension Jinja {
    /// The names set at one place: the template, an iteration of a loop, a macro's call.
    final class Scope: @unchecked Sendable {
        // Belongs to one machine, on one thread.
        private var names: [Name] = []
        private var values: [Value] = []
        let parent: Scope?

        init(parent: Scope?) { self.parent = parent }

        func set(_ name: Name, _ value: Value) {
            if let place = names.firstIndex(of: name) {
                values[place] = value
            } else {
                names.append(name)
                values.append(value)
            }
        }

        func value(_ name: Name) -> Value? { names.firstIndex(of: name).map { values[$0] } }
    }

    /// The evaluated arguments of a call.
    struct Arguments {
        var positional: [Value] = []
        var named: [(String, Value)] = []
        /// The body of a `call` block.
        var caller: Value?

        /// The argument at a place, or by its name.
        func get(_ place: Int, _ name: String) -> Value? {
            if place < positional.count { return positional[place] }
            return named.first { $0.0 == name }?.1
        }
    }

    /// One render: its scopes, what it has written, and what it may still spend.
    ///
    /// `@unchecked Sendable` only so that nodes may name it; it lives and dies inside one `Template.render`.
    final class Machine: @unchecked Sendable {
        /// The cost of a loop's iteration besides its body: a scope, and the names in it.
        static let iterationSteps = 4

        let limits: TemplateLimits
        let today: TemplateDate
        /// The template's own names, which a `block` sees.
        let outermost: Scope
        var scope: Scope
        var line = 0
        private(set) var steps = 0
        private var depth = 0
        private var output = Text()
        private var macros: [(definition: MacroDefinition, scope: Scope)] = []
        /// An entry whose key is no text has no name: it is out of every template's reach, but written with the others.
        var namespaces: [[(name: String?, key: Value, value: Value)]] = []
        /// Those that are being written, each within the one before.
        var shownNamespaces: [Int] = []
        static let shownNamespacesMax = 16

        init(limits: TemplateLimits, today: TemplateDate) {
            (self.limits, self.today) = (limits, today)
            outermost = Scope(parent: nil)
            scope = outermost
        }

        var written: Text { output }

        // MARK: Errors and limits

        func fault(_ message: String) -> TemplateError { TemplateError(.evaluation, line: line, message) }
        func limit(_ message: String) -> TemplateError { TemplateError(.limit, line: line, message) }

        /// Counts work of `amount` steps against the limit.
        func charge(_ amount: Int) throws(TemplateError) {
            steps += amount
            if steps > limits.stepsMax { throw limit("more than \(limits.stepsMax) steps") }
        }

        /// Charges for a text just made, and refuses one that is too long.
        func check(_ text: Text) throws(TemplateError) {
            if text.bytes.count > limits.outputBytesMax {
                throw limit("a text longer than \(limits.outputBytesMax) bytes")
            }
            try charge(text.weight / 32)
        }

        /// Goes deeper by `levels` of `TemplateLimits.depthMax`; undone by `ascend`.
        func descend(_ levels: Int = 1) throws(TemplateError) {
            depth += levels
            if depth > limits.depthMax {
                throw limit("more than \(limits.depthMax) parts of the template inside each other")
            }
        }

        func ascend(_ levels: Int = 1) { depth -= levels }

        // MARK: Running

        func run(_ body: [any Statement]) throws(TemplateError) -> Flow {
            try descend()
            defer { depth -= 1 }
            for statement in body {
                try charge(1)
                line = statement.line
                let flow = try statement.run(self)
                if flow != .next { return flow }
            }
            return .next
        }

        func evaluate(_ expression: any Expression) throws(TemplateError) -> Value {
            try charge(1)
            try descend()
            defer { depth -= 1 }
            return try expression.value(self)
        }

        func isTrue(_ expression: any Expression) throws(TemplateError) -> Bool { try evaluate(expression).isTrue }

        func write(_ text: Text) throws(TemplateError) {
            if output.bytes.count + text.bytes.count > limits.outputBytesMax {
                throw limit("more than \(limits.outputBytesMax) bytes of output")
            }
            try charge(text.weight / 32)
            output.append(text)
        }

        /// The output of `body`, captured.
        func captured(_ body: [any Statement], scope inside: Scope) throws(TemplateError) -> Text {
            let (around, outside) = (scope, output)
            (scope, output) = (inside, Text())
            defer { (scope, output) = (around, outside) }
            _ = try run(body)
            return output
        }

        /// The output of a recursive loop over further items, captured.
        func captured(_ recursion: (loop: For, scope: Scope), over items: [Value], level: Int) throws(TemplateError)
            -> Text
        {
            let (around, outside) = (scope, output)
            (scope, output) = (recursion.scope, Text())
            defer { (scope, output) = (around, outside) }
            _ = try recursion.loop.run(self, over: items, level: level)
            return output
        }

        // MARK: Names

        func lookUp(_ name: Name, _ text: String) -> Value {
            var place: Scope? = scope
            while let current = place {
                if let value = current.value(name) { return value }
                place = current.parent
            }
            return Function(rawValue: text).map(Value.function) ?? .undefined("'\(text)'")
        }

        func assign(_ value: Value, to target: Target) throws(TemplateError) {
            switch target {
            case .name(let name): scope.set(name, value)
            case .tuple(let targets):
                let parts = try items(of: value, for: "an assignment to \(targets.count) names")
                guard parts.count == targets.count else {
                    throw fault("\(targets.count) names but \(parts.count) values")
                }
                for (part, target) in zip(parts, targets) { try assign(part, to: target) }
            case .attribute(let name, let text, let attribute):
                guard case .namespace(let index) = lookUp(name, text) else {
                    throw fault("only a namespace's attributes can be set, and '\(text)' is none")
                }
                try setAttribute(attribute, value, ofNamespace: index)
            }
        }

        func setAttribute(_ name: String, _ value: Value, ofNamespace index: Int) throws(TemplateError) {
            if name.hasPrefix("_") { throw fault("a namespace's attribute cannot begin with '_': '\(name)'") }
            try charge(namespaces[index].count / 16)
            if let place = namespaces[index].firstIndex(where: { $0.name == name }) {
                namespaces[index][place].value = value
            } else {
                namespaces[index].append((name, .text(.trusted(name)), value))
            }
        }

        func setNameless(_ key: Value, _ value: Value, ofNamespace index: Int) throws(TemplateError) {
            try requireHashable(key)
            try charge(namespaces[index].count / 16)
            if let place = namespaces[index].firstIndex(where: { $0.key.isSameKey(key) }) {
                namespaces[index][place].value = value
            } else {
                namespaces[index].append((nil, key, value))
            }
        }

        func macro(_ definition: MacroDefinition) -> Value {
            macros.append((definition, scope))
            return .macro(macros.count - 1)
        }

        func macro(at index: Int) -> (definition: MacroDefinition, scope: Scope) { macros[index] }

        func loopState(
            _ items: [Value], level: Int, recursion: (loop: For, scope: Scope)?
        ) throws(TemplateError) -> LoopState {
            let depth = items.reduce(0) { max($0, $1.depth) } + 1
            if depth > limits.nestingMax { throw limit("values inside values, more than \(limits.nestingMax) deep") }
            return LoopState(items: items, depth: depth, level: level, recursion: recursion)
        }

        // MARK: Making values

        func list(_ items: [Value], _ form: List.Form = .list) throws(TemplateError) -> Value {
            .list(try row(items, form))
        }

        /// A generator's items; it counts as one more level of values.
        ///
        /// - Parameter fill: appends the items. What it throws of the template's making is thrown where the items are
        ///   read, behind those that it had.
        func iterator(
            _ fill: (inout [Value]) throws(TemplateError) -> Void
        ) throws(TemplateError) -> Value {
            var items: [Value] = []
            var failure: TemplateError?
            do throws(TemplateError) {
                try fill(&items)
            } catch  where error.kind == .evaluation {
                failure = error
            }
            let list = try row(items, .list)
            if list.depth >= limits.nestingMax {
                throw limit("lists inside lists, more than \(limits.nestingMax) deep")
            }
            return .iterator(Iterator(list, failure: failure))
        }

        func row(_ items: [Value], _ form: List.Form) throws(TemplateError) -> List {
            try charge(items.count / 8)
            if items.count > limits.itemsMax { throw limit("a list longer than \(limits.itemsMax) items") }
            let list = List(items, form: form)
            if list.depth > limits.nestingMax { throw limit("lists inside lists, more than \(limits.nestingMax) deep") }
            return list
        }

        /// A later entry replaces an earlier one with its key.
        func map(_ entries: [Map.Entry]) throws(TemplateError) -> Value {
            if entries.count > limits.itemsMax { throw limit("a dict longer than \(limits.itemsMax) entries") }
            var unique: [Map.Entry] = []
            for entry in entries {
                try requireHashable(entry.key)
                try charge(1 + unique.count / 8)
                if let place = unique.firstIndex(where: { $0.key.isSameKey(entry.key) }) {
                    unique[place].value = entry.value
                } else {
                    unique.append(entry)
                }
            }
            let map = Map(unique: unique)
            if map.depth > limits.nestingMax { throw limit("dicts inside dicts, more than \(limits.nestingMax) deep") }
            return .map(map)
        }

        func requireHashable(_ key: Value) throws(TemplateError) {
            guard key.isHashable else { throw fault("a key of a dict cannot be of type \(key.typeName)") }
        }

        func text(_ text: Text) throws(TemplateError) -> Value {
            try check(text)
            return .text(text)
        }
    }
}
