/// Reads an expression and computes it on the way, so its depth is bounded and nothing is built.
struct Parser {
    private let tokens: [Token]
    private let limits: CalculatorLimits
    private var place = 0
    private var depth = 0
    private var arithmetic: Arithmetic

    /// The value of a part of an expression.
    private struct Operand {
        var value: Number
        /// It was written with a percent sign, so what it is added to is its whole: `100 + 10%` is 110.
        var isPercentage = false
    }

    init(_ tokens: [Token], _ limits: CalculatorLimits) {
        (self.tokens, self.limits) = (tokens, limits)
        arithmetic = Arithmetic(limits: limits)
    }

    /// The value of all of it. An equals sign at the end is let pass.
    mutating func value() throws(CalculatorError) -> Number {
        let value = try sum().value
        if token.kind == .symbol("="), tokens[place + 1].kind == .end { place += 1 }
        guard token.kind == .end else {
            if case .number = token.kind, place > 0, tokens[place - 1].kind == .symbol("%") {
                throw CalculatorError(
                    token.column, "expected an operator after '%', which is percent; for a remainder write mod(a, b)")
            }
            throw CalculatorError(token.column, "expected an operator or the end, got '\(token.text)'")
        }
        return value
    }

    private var token: Token { tokens[place] }

    /// True, and the token is taken, when it is this one.
    private mutating func take(_ symbol: Character) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        place += 1
        return true
    }

    private mutating func nested<Value>(
        _ body: (inout Parser) throws(CalculatorError) -> Value
    ) throws(CalculatorError) -> Value {
        guard depth < limits.nestingMax else {
            throw CalculatorError(
                token.column, "the expression is too deep: at most \(limits.nestingMax) levels are read")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    // MARK: the levels, from the weakest operator to the strongest

    private mutating func sum() throws(CalculatorError) -> Operand {
        var left = try product()
        while true {
            let column = token.column
            let isSum = take("+")
            guard isSum || take("-") else { return left }
            let right = try product()
            let value = right.isPercentage ? try arithmetic.product(left.value, right.value, column) : right.value
            left = Operand(value: try arithmetic.sum(left.value, isSum ? value : -value, column))
        }
    }

    private mutating func product() throws(CalculatorError) -> Operand {
        var left = try signed()
        while true {
            let column = token.column
            if take("*") {
                left = Operand(value: try arithmetic.product(left.value, try signed().value, column))
            } else if take("/") {
                left = Operand(value: try arithmetic.quotient(left.value, try signed().value, column))
            } else if case .name(let word) = token.kind, ["mod", "of"].contains(word) {
                place += 1
                let right = try signed().value
                left = Operand(
                    value: word == "of"
                        ? try arithmetic.product(left.value, right, column)
                        : try arithmetic.remainder(left.value, right, column))
            } else if beginsFactor {
                // 2(3 + 4), 2 pi
                left = Operand(value: try arithmetic.product(left.value, try power().value, column))
            } else {
                return left
            }
        }
    }

    private var beginsFactor: Bool {
        switch token.kind {
        case .name, .symbol("("), .symbol("√"): true
        default: false
        }
    }

    /// A sign binds less than a power: -2^2 is -4.
    private mutating func signed() throws(CalculatorError) -> Operand {
        if take("+") { return try nested { parser throws(CalculatorError) in try parser.signed() } }
        guard take("-") else { return try power() }
        var operand = try nested { parser throws(CalculatorError) in try parser.signed() }
        operand.value = -operand.value
        return operand
    }

    /// From right to left: 2^3^2 is 2^9.
    private mutating func power() throws(CalculatorError) -> Operand {
        let base = try marked()
        let column = token.column
        guard take("^") else { return base }
        let exponent = try nested { parser throws(CalculatorError) in try parser.signed() }
        return Operand(value: try arithmetic.power(base.value, exponent.value, column))
    }

    /// A value with the marks behind it: `5!`, `10%`, `30°`.
    private mutating func marked() throws(CalculatorError) -> Operand {
        var operand = Operand(value: try primary())
        while true {
            let column = token.column
            if take("!") {
                operand = Operand(value: try arithmetic.factorial(operand.value, column))
            } else if take("%") {
                operand = Operand(
                    value: try arithmetic.quotient(operand.value, Number(100), column), isPercentage: true)
            } else if take("°") {
                operand = Operand(value: try arithmetic.call("radians", [operand.value], column))
            } else {
                return operand
            }
        }
    }

    private mutating func primary() throws(CalculatorError) -> Number {
        let token = self.token
        switch token.kind {
        case .number(let value):
            place += 1
            return try arithmetic.number(value, token.column)
        case .name(let name):
            place += 1
            return try named(name, token)
        case .symbol("("):
            place += 1
            let value = try nested { parser throws(CalculatorError) in try parser.sum().value }
            try close(token)
            return value
        case .symbol("√"):
            place += 1
            let value = try nested { parser throws(CalculatorError) in try parser.marked().value }
            return try arithmetic.call("sqrt", [value], token.column)
        case .symbol, .end:
            throw CalculatorError(
                token.column, "expected a number, got " + (token.kind == .end ? "the end" : "'\(token.text)'"))
        }
    }

    private mutating func named(_ name: String, _ token: Token) throws(CalculatorError) -> Number {
        guard arithmetic.isFunction(name) else {
            return try arithmetic.constant(name, token.text, token.column)
        }
        guard take("(") else {
            throw CalculatorError(self.token.column, "expected '(' after '\(token.text)', which is a function")
        }
        var arguments: [Number] = []
        if !take(")") {
            repeat {
                arguments.append(try nested { parser throws(CalculatorError) in try parser.sum().value })
            } while take(",")
            try close(token)
        }
        return try arithmetic.call(name, arguments, token.column)
    }

    private mutating func close(_ opening: Token) throws(CalculatorError) {
        guard !take(")") else { return }
        throw CalculatorError(
            token.column,
            "expected ')' for '\(opening.text)' of column \(opening.column), got "
                + (token.kind == .end ? "the end" : "'\(token.text)'"))
    }
}
