extension Jinja.Machine {
    static let testNames = Jinja.Signature.tests.keys.sorted()

    static func noTest(_ name: String) -> String {
        "no test is named '\(name.prefix(60))'" + Jinja.suggestion(for: name, among: testNames)
    }

    /// `value is name(arguments)`
    func test(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Bool {
        guard let signature = Jinja.Signature.tests[name] else {
            throw fault(Self.noTest(name))
        }
        try require(signature, arguments, name)
        if let known = Self.testOfType(name, value) { return known }
        switch name {
        case "odd", "even":
            let remainder = try arithmetic(value, .modulo, .int(2))
            return try isEqual(remainder, .int(name == "odd" ? 1 : 0))
        case "lower", "upper": return Jinja.isAll("is" + name, try shown(value))
        case "filter", "test":
            // Python's can be a key, ours cannot.
            if case .list(let list) = value, case .range = list.form { return false }
            try requireHashable(value)
            guard case .text(let wanted) = value else { return false }
            return (name == "filter" ? Self.filterNames : Self.testNames).contains(wanted.string)
        default: break
        }
        guard let other = arguments.positional.first ?? arguments.named.first?.1 else {
            throw fault("'is \(name)' needs something to compare with")
        }
        switch name {
        case "divisibleby":
            return try isEqual(try arithmetic(value, .modulo, other), .int(0))
        case "eq", "equalto", "==": return try isEqual(value, other)
        case "ne", "!=": return try !isEqual(value, other)
        case "lt", "lessthan", "<": return try compare(value, .less, other)
        case "le", "<=": return try compare(value, .lessOrEqual, other)
        case "gt", "greaterthan", ">": return try compare(value, .greater, other)
        case "ge", ">=": return try compare(value, .greaterOrEqual, other)
        case "in": return try compare(value, .in, other)
        default: return try isSame(value, other)
        }
    }

    /// Python's `is`, as far as values without an identity have it: equal, and of one type.
    private func isSame(_ value: Value, _ other: Value) throws(TemplateError) -> Bool {
        guard value.typeName == other.typeName else { return false }
        return try isEqual(value, other)
    }

    private static func testOfType(_ name: String, _ value: Value) -> Bool? {
        switch (name, value) {
        case ("defined", _): return !value.isUndefined
        case ("undefined", _): return value.isUndefined
        case ("none", .none), ("boolean", .bool), ("true", .bool(true)), ("false", .bool(false)): return true
        case ("none", _), ("boolean", _), ("true", _), ("false", _): return false
        case ("integer", .int), ("integer", .wide), ("float", .double), ("string", .text), ("mapping", .map): return true
        case ("integer", _), ("float", _), ("string", _), ("mapping", _): return false
        case ("number", _): return value.asDouble != nil
        case ("sequence", .list(let list)): return !list.isView
        case ("sequence", .text), ("sequence", .map), ("sequence", .undefined): return true
        case ("sequence", _): return false
        case ("iterable", .text), ("iterable", .list), ("iterable", .map), ("iterable", .undefined),
            ("iterable", .loop), ("iterable", .iterator):
            return true
        case ("iterable", _): return false
        case ("escaped", .text(let text)): return text.isMarkup
        case ("callable", .macro), ("callable", .function), ("callable", .method), ("callable", .loop): return true
        case ("callable", .undefined): return true
        case ("callable", .counter(let counter)): return counter.isJoiner
        case ("callable", _), ("escaped", _): return false
        default: return nil
        }
    }
}
