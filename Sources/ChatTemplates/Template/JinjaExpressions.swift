extension Jinja {
    final class Constant: Expression {
        let constant: Value
        init(_ constant: Value) { self.constant = constant }
        func value(_ machine: Machine) throws(TemplateError) -> Value { constant }
    }

    final class Variable: Expression {
        let name: Name
        let text: String
        init(name: Name, text: String) { (self.name, self.text) = (name, text) }
        func value(_ machine: Machine) throws(TemplateError) -> Value { machine.lookUp(name, text) }
    }

    final class ListLiteral: Expression {
        let items: [any Expression]
        let isTuple: Bool
        init(items: [any Expression], isTuple: Bool) { (self.items, self.isTuple) = (items, isTuple) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var values: [Value] = []
            for item in items { values.append(try machine.evaluate(item)) }
            return try machine.list(values, isTuple ? .tuple : .list)
        }
    }

    final class MapLiteral: Expression {
        let pairs: [(any Expression, any Expression)]
        init(pairs: [(any Expression, any Expression)]) { self.pairs = pairs }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var entries: [Map.Entry] = []
            for (key, value) in pairs {
                entries.append((try machine.evaluate(key), try machine.evaluate(value)))
            }
            return try machine.map(entries)
        }
    }

    /// `yes if test else no`
    final class Choice: Expression {
        let test: any Expression
        let yes: any Expression
        let no: (any Expression)?
        init(test: any Expression, yes: any Expression, no: (any Expression)?) {
            (self.test, self.yes, self.no) = (test, yes, no)
        }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            if try machine.isTrue(test) { return try machine.evaluate(yes) }
            guard let no else { return .undefined("the inline if, which has no else,") }
            return try machine.evaluate(no)
        }
    }

    /// `a and b and c`, `a or b or c`: the value that decides.
    final class Junction: Expression {
        let isAnd: Bool
        let parts: [any Expression]
        init(isAnd: Bool, parts: [any Expression]) { (self.isAnd, self.parts) = (isAnd, parts) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var value = Value.none
            for part in parts {
                value = try machine.evaluate(part)
                if value.isTrue != isAnd { return value }
            }
            return value
        }
    }

    final class Negation: Expression {
        let inside: any Expression
        let isNegated: Bool
        init(_ inside: any Expression, isNegated: Bool) { (self.inside, self.isNegated) = (inside, isNegated) }
        func value(_ machine: Machine) throws(TemplateError) -> Value { .bool(try machine.isTrue(inside) != isNegated) }
    }

    /// `a < b <= c`: each pair, and nothing evaluated after the first that fails.
    final class Comparison: Expression {
        let first: any Expression
        let rest: [(Operator, any Expression)]
        init(first: any Expression, rest: [(Operator, any Expression)]) { (self.first, self.rest) = (first, rest) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var left = try machine.evaluate(first)
            for (operation, expression) in rest {
                let right = try machine.evaluate(expression)
                guard try machine.compare(left, operation, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        }
    }

    /// `a ~ b ~ c`
    final class Concatenation: Expression {
        let parts: [any Expression]
        init(parts: [any Expression]) { self.parts = parts }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var text = Text()
            for part in parts {
                text.append(try machine.shown(try machine.evaluate(part)))
                try machine.check(text)
            }
            return .text(text)
        }
    }

    /// Operators of one level, from the left.
    final class Arithmetic: Expression {
        let first: any Expression
        let rest: [(Operator, any Expression)]
        init(first: any Expression, rest: [(Operator, any Expression)]) { (self.first, self.rest) = (first, rest) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var left = try machine.evaluate(first)
            for (operation, expression) in rest {
                left = try machine.arithmetic(left, operation, try machine.evaluate(expression))
            }
            return left
        }
    }

    final class Sign: Expression {
        let inside: any Expression
        let isNegative: Bool
        init(_ inside: any Expression, isNegative: Bool) { (self.inside, self.isNegative) = (inside, isNegative) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            try machine.signed(try machine.evaluate(inside), isNegative: isNegative)
        }
    }

    /// The postfix operations on a value, in order.
    enum Step: Sendable {
        case attribute(String)
        case item(any Expression)
        /// `isFolded` of a constant: jinja2 computes it before it runs, and has nothing where Python would refuse.
        case slice((any Expression)?, (any Expression)?, (any Expression)?, isFolded: Bool)
        case call(CallArguments, line: Int)
        case filter(String, CallArguments, line: Int)
        case test(String, CallArguments, isNegated: Bool, line: Int)
    }

    final class Chain: Expression {
        let base: any Expression
        let steps: [Step]
        init(base: any Expression, steps: [Step]) { (self.base, self.steps) = (base, steps) }
        func value(_ machine: Machine) throws(TemplateError) -> Value {
            var value = try machine.evaluate(base)
            for step in steps { value = try machine.step(step, on: value) }
            return value
        }
    }
}
