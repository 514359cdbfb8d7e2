import LlamaStackAPI

extension Jinja {
    enum Operator: String, Sendable {
        case or, and
        case `in`, notIn
        case equal = "==", unequal = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case add = "+", subtract = "-", concat = "~", multiply = "*", divide = "/", floorDivide = "//", modulo = "%"
        case power = "**"
    }
}

extension Jinja.Machine {
    typealias Value = Jinja.Value
    typealias Text = Jinja.Text

    func compare(_ left: Value, _ operation: Jinja.Operator, _ right: Value) throws(TemplateError) -> Bool {
        switch operation {
        case .equal: return try isEqual(left, right)
        case .unequal: return try !isEqual(left, right)
        case .in: return try contains(right, left)
        case .notIn: return try !contains(right, left)
        case .less: return try order(left, right, "<") < 0
        case .lessOrEqual: return try order(left, right, "<=") <= 0
        case .greater: return try order(left, right, ">") > 0
        default: return try order(left, right, ">=") >= 0
        }
    }

    /// Python's `==`: never an error, numbers by value, text whether trusted or not.
    func isEqual(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let a), .text(let b)):
            try charge(min(a.bytes.count, b.bytes.count) / 64)
            return a == b
        case (.list(let a), .list(let b)): return try isEqual(a, b)
        case (.iterator(let a), .iterator(let b)): return a === b
        case (.map(let a), .map(let b)): return try isEqual(a, b)
        default: return Self.isEqualLeaf(left, right)
        }
    }

    private func isEqual(_ a: Jinja.List, _ b: Jinja.List) throws(TemplateError) -> Bool {
        switch (a.form, b.form) {
        case (.list, .list), (.range, .range): return try isEqual(a.items, b.items)
        case (.view(let part), .view(let other)):
            guard part != "values", other != "values", a.items.count == b.items.count else { return false }
            // Sets to Python: in any order.
            for item in a.items where try !holds(b.items, item) { return false }
            return true
        default: return a.isTuple && b.isTuple ? try isEqual(a.items, b.items) : false
        }
    }

    private func isEqual(_ a: [Value], _ b: [Value]) throws(TemplateError) -> Bool {
        guard a.count == b.count else { return false }
        for place in a.indices {
            try charge(1)
            guard try isEqual(a[place], b[place]) else { return false }
        }
        return true
    }

    private func isEqual(_ a: Jinja.Map, _ b: Jinja.Map) throws(TemplateError) -> Bool {
        guard a.entries.count == b.entries.count else { return false }
        for place in a.entries.indices {
            try charge(1 + b.entries.count / 8)
            guard let other = b.value(a.entries[place].key), try isEqual(a.entries[place].value, other) else {
                return false
            }
        }
        return true
    }

    private static func isEqualLeaf(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.namespace(let a), .namespace(let b)), (.macro(let a), .macro(let b)): return a == b
        case (.function(let a), .function(let b)): return a == b
        default:
            if let a = left.asInt, let b = right.asInt { return a == b }
            if let order = Self.wideOrder(left, right) { return order == 0 }
            if let a = left.asDouble, let b = right.asDouble { return a == b }
            return false
        }
    }

    /// Below, at or above zero as `left` sorts before, with or after `right`.
    func order(_ left: Value, _ right: Value, _ symbol: String) throws(TemplateError) -> Int {
        switch (left, right) {
        case (.text(let a), .text(let b)):
            try charge(min(a.bytes.count, b.bytes.count) / 64)
            return a == b ? 0 : a < b ? -1 : 1
        case (.list(let a), .list(let b)) where a.isTuple && b.isTuple || a.form == .list && b.form == .list:
            for (one, other) in zip(a.items, b.items) {
                try charge(1)
                if try !isEqual(one, other) { return try order(one, other, symbol) }
            }
            return a.items.count - b.items.count
        default:
            if let a = left.asInt, let b = right.asInt { return a == b ? 0 : a < b ? -1 : 1 }
            if let order = Self.wideOrder(left, right) { return order }
            if let a = left.asDouble, let b = right.asDouble {
                if a.isNaN || b.isNaN { return symbol.hasPrefix("<") ? 1 : -1 }
                return a == b ? 0 : a < b ? -1 : 1
            }
            throw unsuited(symbol, left, right)
        }
    }

    private func contains(_ container: Value, _ value: Value) throws(TemplateError) -> Bool {
        switch container {
        case .text(let text):
            guard case .text(let part) = value else {
                throw fault("'in' a text needs a text on its left, got \(value.typeName)")
            }
            try charge(text.bytes.count / 8)
            return text.find(part.bytes) != nil
        case .map(let map):
            try charge(map.entries.count / 8)
            try requireHashable(value)
            return map.value(value) != nil
        case .iterator(let iterator):
            while let item = try iterator.next() {
                try charge(1)
                if try isEqual(item, value) { return true }
            }
            return false
        default: return try holds(try items(of: container, for: "'in'"), value)
        }
    }

    private func holds(_ items: [Value], _ value: Value) throws(TemplateError) -> Bool {
        for item in items {
            try charge(1)
            if try isEqual(item, value) { return true }
        }
        return false
    }

    private func unsuited(_ symbol: String, _ left: Value, _ right: Value) -> TemplateError {
        for side in [left, right] {
            if case .undefined(let what) = side { return fault("\(what) is undefined") }
        }
        return fault("'\(symbol)' does not go with \(left.typeName) and \(right.typeName)")
    }

    /// By every digit, where one of the two is an integer beyond 64 bits and the other a finite number; else nil.
    private static func wideOrder(_ left: Value, _ right: Value) -> Int? {
        func number(_ value: Value) -> JSON? {
            switch value {
            case .wide(let digits): .exact(digits)
            case .double(let number): .number(number)
            default: value.asInt.map { .integer(Int64($0)) }
            }
        }
        switch (left, right) {
        case (.wide, _), (_, .wide):
            guard let one = number(left), let other = number(right) else { return nil }
            return one.compared(to: other)
        default: return nil
        }
    }

    func signed(_ value: Value, isNegative: Bool) throws(TemplateError) -> Value {
        if let number = value.asInt {
            let (result, overflows) = isNegative ? number.multipliedReportingOverflow(by: -1) : (number, false)
            if overflows { throw fault("a number that does not fit 64 bits") }
            return .int(result)
        }
        if value.isWide {
            if isNegative { throw fault("a number that does not fit 64 bits") }
            return value
        }
        if case .double(let number) = value { return .double(isNegative ? -number : number) }
        if case .undefined(let what) = value { throw fault("\(what) is undefined") }
        throw fault("a sign does not go with \(value.typeName)")
    }

    func arithmetic(_ left: Value, _ operation: Jinja.Operator, _ right: Value) throws(TemplateError) -> Value {
        switch (left, operation, right) {
        case (.text(var a), .add, .text(var b)):
            guard a.bytes.count + b.bytes.count <= limits.outputBytesMax else { throw tooLong }
            if a.isMarkup || b.isMarkup { (a, b) = (try escaped(a), try escaped(b)) }
            a.append(b)
            return try text(a)
        case (.list(let a), .add, .list(let b)) where a.isTuple && b.isTuple || a.form == .list && b.form == .list:
            return try list(a.items + b.items, a.form == .list ? .list : .tuple)
        case (.text(let a), .multiply, _): if let count = right.asInt { return try text(repeated(a, count)) }
        case (_, .multiply, .text(let b)): if let count = left.asInt { return try text(repeated(b, count)) }
        case (.list(let a), .multiply, _) where a.isTuple || a.form == .list:
            if let count = right.asInt { return try repeated(a, count) }
        case (_, .multiply, .list(let b)) where b.isTuple || b.form == .list:
            if let count = left.asInt { return try repeated(b, count) }
        case (.text(let a), .modulo, _): return try formatted(a, right)
        default: break
        }
        if let a = left.asInt, let b = right.asInt { return try whole(a, operation, b) }
        if left.isWide || right.isWide { throw fault("a number that does not fit 64 bits") }
        if let a = left.asDouble, let b = right.asDouble { return try real(a, operation, b) }
        throw unsuited(operation.rawValue, left, right)
    }

    private var tooLong: TemplateError { limit("a text longer than \(limits.outputBytesMax) bytes") }

    private func repeated(_ text: Text, _ count: Int) throws(TemplateError) -> Text {
        guard count > 0, !text.isEmpty else { return text.slice(0..<0) }
        guard count <= limits.outputBytesMax / text.bytes.count else { throw tooLong }
        try charge(count / 2 + text.weight * count / 32)
        var result = text.slice(0..<0)
        for _ in 0..<count { result.append(text) }
        return result
    }

    private func repeated(_ items: Jinja.List, _ count: Int) throws(TemplateError) -> Value {
        let form: Jinja.List.Form = items.isTuple ? .tuple : .list
        guard count > 0, !items.items.isEmpty else { return try list([], form) }
        guard count <= limits.itemsMax / items.items.count else {
            throw limit("a list longer than \(limits.itemsMax) items")
        }
        var result: [Value] = []
        for _ in 0..<count { result += items.items }
        return try list(result, form)
    }

    private func whole(_ a: Int, _ operation: Jinja.Operator, _ b: Int) throws(TemplateError) -> Value {
        var result: (partialValue: Int, overflow: Bool) = (0, false)
        switch operation {
        case .add: result = a.addingReportingOverflow(b)
        case .subtract: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .divide:
            if b == 0 { throw fault("division by zero") }
            return .double(Double(a) / Double(b))
        case .floorDivide, .modulo:
            if b == 0 { throw fault("division by zero") }
            if b == -1 {
                if operation == .modulo { return .int(0) }
                result = a.multipliedReportingOverflow(by: -1)
                break
            }
            // Python rounds towards minus infinity.
            let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
            let isOff = remainder != 0 && (remainder < 0) != (b < 0)
            return .int(operation == .modulo ? (isOff ? remainder + b : remainder) : (isOff ? quotient - 1 : quotient))
        case .power:
            if b < 0 { return try real(Double(a), .power, Double(b)) }
            result = Self.power(a, b)
        default: throw unsuited(operation.rawValue, .int(a), .int(b))
        }
        if result.overflow { throw fault("a number that does not fit 64 bits") }
        return .int(result.partialValue)
    }

    private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
        if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
        if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
        if exponent > 64 { return (0, true) }
        var result = 1
        for _ in 0..<exponent {
            let (next, overflows) = result.multipliedReportingOverflow(by: base)
            if overflows { return (0, true) }
            result = next
        }
        return (result, false)
    }
}
