extension Jinja.Parser {
    /// `a if b else c`, and all that binds closer.
    mutating func condition() throws(TemplateError) -> any Jinja.Expression {
        let namesBefore = unknown.open.count
        let first = try binary(.or)
        return isName("if") ? try choice(first, namesBefore) : first
    }

    /// Apart from `condition`, which is in each level of a nested expression: its frame should be small.
    private mutating func choice(
        _ first: any Jinja.Expression, _ namesBefore: Int
    ) throws(TemplateError) -> any Jinja.Expression {
        var result = first
        while skip(name: "if") {
            let test = try binary(.or)
            guard skip(name: "else") else {
                result = Jinja.Choice(test: test, yes: result, no: nil)
                continue
            }
            try enter()
            result = Jinja.Choice(test: test, yes: result, no: try condition())
            leave()
        }
        forgive(since: namesBefore)
        return result
    }

    /// An expression, or several with commas between them as a tuple.
    mutating func tuple(withChoice: Bool = true) throws(TemplateError) -> any Jinja.Expression {
        let first = withChoice ? try condition() : try binary(.or)
        guard isSymbol(",") else { return first }
        var items = [first]
        while skip(symbol: ",") {
            if endsTuple { break }
            items.append(withChoice ? try condition() : try binary(.or))
        }
        return Jinja.ListLiteral(items: items, isTuple: true)
    }

    private var endsTuple: Bool {
        switch kind {
        case .variableEnd, .blockEnd, .symbol(")"), .symbol("]"), .symbol("="), .name("in"): true
        default: false
        }
    }

    /// Operators by how close they bind, loosest first.
    enum Level: Int { case or = 1, and, not, compare, add, concat, multiply, power, unary }

    private var operation: (Jinja.Operator, Level)? {
        switch kind {
        case .name("or"): return (.or, .or)
        case .name("and"): return (.and, .and)
        case .name("in"): return (.in, .compare)
        case .name("not"): return nextKind == .name("in") ? (.notIn, .compare) : nil
        case .symbol(let symbol):
            guard let found = Jinja.Operator(rawValue: symbol) else { return nil }
            switch found {
            case .add, .subtract: return (found, .add)
            case .concat: return (found, .concat)
            case .multiply, .divide, .floorDivide, .modulo: return (found, .multiply)
            case .power: return (found, .power)
            default: return (found, .compare)
            }
        default: return nil
        }
    }

    /// Operators that bind at least as close as `level`. Operators of one level become one flat node, so that a long
    /// sum nests no deeper than a short one.
    mutating func binary(_ level: Level) throws(TemplateError) -> any Jinja.Expression {
        try enter()
        defer { leave() }
        var left = try operand(level)
        var pending: Level?
        var rest: [(Jinja.Operator, any Jinja.Expression)] = []
        while let (operation, at) = operation, at.rawValue >= level.rawValue {
            if let open = pending, open != at {
                left = Jinja.Parser.chain(left, rest, open)
                rest = []
            }
            pending = at
            advance()
            if operation == .notIn { advance() }
            let tighter = Level(rawValue: at.rawValue + 1) ?? .unary
            rest.append((operation, tighter == .unary ? try operand(tighter) : try binary(tighter)))
        }
        if let open = pending { left = Jinja.Parser.chain(left, rest, open) }
        return left
    }

    private static func chain(
        _ first: any Jinja.Expression, _ rest: [(Jinja.Operator, any Jinja.Expression)], _ level: Level
    ) -> any Jinja.Expression {
        switch level {
        case .or, .and: Jinja.Junction(isAnd: level == .and, parts: [first] + rest.map(\.1))
        case .compare: Jinja.Comparison(first: first, rest: rest)
        case .concat: Jinja.Concatenation(parts: [first] + rest.map(\.1))
        default: Jinja.Arithmetic(first: first, rest: rest)
        }
    }

    /// `not` and signs in front, then one value with its postfixes, filters and tests.
    private mutating func operand(_ level: Level) throws(TemplateError) -> any Jinja.Expression {
        if isName("not") {
            guard level.rawValue <= Level.not.rawValue else { throw unexpected("a value without 'not'") }
            var isNegated = false
            while skip(name: "not") { isNegated.toggle() }
            return Jinja.Negation(try binary(.compare), isNegated: isNegated)
        }
        var signs = 0
        var isNegative = false
        while isSymbol("-") || isSymbol("+") {
            if isSymbol("-") { isNegative.toggle() }
            signs += 1
            advance()
        }
        let first = try primary()
        var steps: [Jinja.Step] = []
        try postfixes(into: &steps)
        if first is Jinja.Constant, !steps.isEmpty { Self.foldSlice(&steps[0]) }
        var base = steps.isEmpty ? first : Jinja.Chain(base: first, steps: steps)
        if signs > 0 { base = Jinja.Sign(base, isNegative: isNegative) }
        var filters: [Jinja.Step] = []
        try filtersAndTests(into: &filters)
        return filters.isEmpty ? base : Jinja.Chain(base: base, steps: filters)
    }

    /// A function of its own, so that the frames of expressions inside expressions stay small.
    private static func foldSlice(_ step: inout Jinja.Step) {
        guard case .slice(let start, let end, let stride, _) = step else { return }
        for bound in [start, end, stride] where bound != nil {
            guard bound is Jinja.Constant || bound is Jinja.Sign else { return }
        }
        step = .slice(start, end, stride, isFolded: true)
    }

    /// Each case is a call: the frame of this function is in each level of a nested expression.
    private mutating func primary() throws(TemplateError) -> any Jinja.Expression {
        if skip(symbol: "(") { return try parenthesis() }
        if skip(symbol: "[") { return try list() }
        if skip(symbol: "{") { return try dictionary() }
        return try word()
    }

    private mutating func parenthesis() throws(TemplateError) -> any Jinja.Expression {
        if skip(symbol: ")") { return Jinja.ListLiteral(items: [], isTuple: true) }
        let inside = try tuple()
        try expect(symbol: ")")
        return inside
    }

    private mutating func list() throws(TemplateError) -> any Jinja.Expression {
        Jinja.ListLiteral(items: try items(until: "]"), isTuple: false)
    }

    /// A name or a constant.
    private mutating func word() throws(TemplateError) -> any Jinja.Expression {
        switch kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return Jinja.Constant(.bool(true))
            case "false", "False": return Jinja.Constant(.bool(false))
            case "none", "None": return Jinja.Constant(.none)
            default: return Jinja.Variable(name: mention(name), text: name)
            }
        case .string(let first):
            advance()
            var text = first
            while case .string(let more) = kind {
                text += more
                advance()
            }
            return Jinja.Constant(.trusted(text))
        case .int(let value):
            advance()
            return Jinja.Constant(.int(value))
        case .double(let value):
            advance()
            return Jinja.Constant(.double(value))
        default: throw unexpected("a value")
        }
    }

    private mutating func items(until close: String) throws(TemplateError) -> [any Jinja.Expression] {
        var items: [any Jinja.Expression] = []
        while !skip(symbol: close) {
            if !items.isEmpty { try expect(symbol: ",") }
            if skip(symbol: close) { break }
            items.append(try condition())
        }
        return items
    }

    private mutating func dictionary() throws(TemplateError) -> any Jinja.Expression {
        var pairs: [(any Jinja.Expression, any Jinja.Expression)] = []
        while !skip(symbol: "}") {
            if !pairs.isEmpty { try expect(symbol: ",") }
            if skip(symbol: "}") { break }
            let key = try condition()
            try expect(symbol: ":")
            pairs.append((key, try condition()))
        }
        return Jinja.MapLiteral(pairs: pairs)
    }

    private mutating func postfixes(into steps: inout [Jinja.Step]) throws(TemplateError) {
        while true {
            if skip(symbol: ".") {
                switch kind {
                case .name(let name): steps.append(.attribute(name))
                case .int(let value): steps.append(.item(Jinja.Constant(.int(value))))
                default: throw unexpected("a name after '.'")
                }
                advance()
            } else if skip(symbol: "[") {
                steps.append(try subscripted())
            } else if isSymbol("(") {
                steps.append(.call(try arguments(), line: token.line))
            } else {
                return
            }
        }
    }

    private mutating func subscripted() throws(TemplateError) -> Jinja.Step {
        try enter()
        defer { leave() }
        var parts: [(any Jinja.Expression)?] = []
        var isSlice = false
        var expectsPart = true
        while !isSymbol("]") {
            if skip(symbol: ":") {
                if expectsPart { parts.append(nil) }
                (isSlice, expectsPart) = (true, true)
            } else if expectsPart {
                parts.append(try isSlice || parts.isEmpty ? tuple() : condition())
                expectsPart = false
            } else {
                throw unexpected("']'")
            }
        }
        if isSlice, expectsPart { parts.append(nil) }
        advance()
        if !isSlice {
            guard let only = parts.first, let index = only else { throw fault("'[]' needs an index") }
            return .item(index)
        }
        guard parts.count <= 3 else { throw fault("a slice has three parts at most") }
        return .slice(
            parts[0], parts.count > 1 ? parts[1] : nil, parts.count > 2 ? parts[2] : nil, isFolded: false)
    }

    /// `(a, b, c=d)`
    mutating func arguments() throws(TemplateError) -> Jinja.CallArguments {
        try enter()
        defer { leave() }
        try expect(symbol: "(")
        var arguments = Jinja.CallArguments()
        var isFirst = true
        while !skip(symbol: ")") {
            if !isFirst { try expect(symbol: ",") }
            isFirst = false
            if skip(symbol: ")") { break }
            if skip(symbol: "*") {
                guard arguments.spread == nil, arguments.namedSpread == nil else { throw unexpected("one '*' list") }
                arguments.spread = try condition()
            } else if skip(symbol: "**") {
                guard arguments.namedSpread == nil else { throw unexpected("one '**' dict") }
                arguments.namedSpread = try condition()
            } else if case .name(let name) = kind, nextKind == .symbol("=") {
                guard arguments.namedSpread == nil else { throw fault("a named argument after '**'") }
                guard !arguments.named.contains(where: { $0.0 == name }) else {
                    throw fault("an argument given twice: '\(name.prefix(60))'")
                }
                advance()
                advance()
                arguments.named.append((name, try condition()))
            } else {
                guard arguments.named.isEmpty, arguments.spread == nil, arguments.namedSpread == nil else {
                    throw fault("a positional argument after a named one")
                }
                arguments.positional.append(try condition())
            }
        }
        return arguments
    }

    /// `|filter(…)`, `is [not] test …` and calls of their results.
    mutating func filtersAndTests(into steps: inout [Jinja.Step]) throws(TemplateError) {
        while true {
            if skip(symbol: "|") {
                steps.append(try filter())
            } else if isName("is") {
                advance()
                steps.append(try test())
            } else if isSymbol("(") {
                steps.append(.call(try arguments(), line: token.line))
            } else {
                return
            }
        }
    }

    mutating func filter() throws(TemplateError) -> Jinja.Step {
        let line = token.line
        var name = try expectName()
        while skip(symbol: ".") { name += "." + (try expectName()) }
        checkFilter(name, line: line)
        return .filter(name, isSymbol("(") ? try arguments() : .init(), line: line)
    }

    private mutating func test() throws(TemplateError) -> Jinja.Step {
        let line = token.line
        let isNegated = skip(name: "not")
        let name = try expectName()
        checkTest(name, line: line)
        var given = Jinja.CallArguments()
        switch kind {
        case .symbol("("): given = try arguments()
        case .name("else"), .name("or"), .name("and"), .name("if"), .name("is"), .name("in"), .name("not"): break
        case .name, .string, .int, .double, .symbol("["), .symbol("{"):
            let first = try primary()
            var steps: [Jinja.Step] = []
            try postfixes(into: &steps)
            given.positional = [steps.isEmpty ? first : Jinja.Chain(base: first, steps: steps)]
        default: break
        }
        return .test(name, given, isNegated: isNegated, line: line)
    }
}
