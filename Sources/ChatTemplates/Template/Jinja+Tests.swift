extension Jinja.Machine {
    static let testNames = [
        "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping",
        "sequence",
        "iterable", "callable", "odd", "even", "divisibleby", "eq", "equalto", "==", "ne", "!=", "lt", "lessthan", "<",
        "le", "<=",
        "gt", "greaterthan", ">", "ge", ">=", "in", "sameas", "lower", "upper", "filter", "test", "escaped",
    ]

    /// `value is name(arguments)`
    func test(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Bool {
        if let known = Self.testOfType(name, value) { return known }
        switch name {
        case "odd", "even":
            guard let number = value.asInt else {
                throw fault("'is \(name)' needs a whole number, got \(value.typeName)")
            }
            return (number % 2 != 0) == (name == "odd")
        case "lower", "upper":
            let text = try shown(value).string
            let isCased = text.unicodeScalars.contains { $0.properties.isUppercase || $0.properties.isLowercase }
            return isCased && text == (name == "lower" ? text.lowercased() : text.uppercased())
        case "filter", "test":
            guard case .text(let wanted) = value else { return false }
            return (name == "filter" ? Self.filterNames : Self.testNames).contains(wanted.string)
        default: break
        }
        guard Self.testNames.contains(name) else {
            throw fault("no test is named '\(name)'" + Jinja.suggestion(for: name, among: Self.testNames))
        }
        guard let other = arguments.positional.first ?? arguments.named.first?.1 else {
            throw fault("'is \(name)' needs something to compare with")
        }
        switch name {
        case "divisibleby":
            guard case .int(let remainder) = try arithmetic(value, .modulo, other) else { return false }
            return remainder == 0
        case "eq", "equalto", "==": return try isEqual(value, other)
        case "ne", "!=": return try !isEqual(value, other)
        case "lt", "lessthan", "<": return try compare(value, .less, other)
        case "le", "<=": return try compare(value, .lessOrEqual, other)
        case "gt", "greaterthan", ">": return try compare(value, .greater, other)
        case "ge", ">=": return try compare(value, .greaterOrEqual, other)
        case "in": return try compare(value, .in, other)
        default: return value.typeName == other.typeName ? try isEqual(value, other) : false
        }
    }

    private static func testOfType(_ name: String, _ value: Value) -> Bool? {
        switch (name, value) {
        case ("defined", _): return !value.isUndefined
        case ("undefined", _): return value.isUndefined
        case ("none", .none), ("boolean", .bool), ("true", .bool(true)), ("false", .bool(false)): return true
        case ("none", _), ("boolean", _), ("true", _), ("false", _): return false
        case ("integer", .int), ("float", .double), ("string", .text), ("mapping", .map): return true
        case ("integer", _), ("float", _), ("string", _), ("mapping", _): return false
        case ("number", _): return value.asDouble != nil
        case ("sequence", .text), ("sequence", .list), ("sequence", .map), ("sequence", .undefined): return true
        case ("sequence", _): return false
        case ("iterable", .text), ("iterable", .list), ("iterable", .map), ("iterable", .undefined),
            ("iterable", .loop):
            return true
        case ("iterable", _): return false
        case ("callable", .macro), ("callable", .function), ("callable", .method): return true
        case ("callable", .undefined): return true
        case ("callable", _), ("escaped", _): return false
        default: return nil
        }
    }
}
